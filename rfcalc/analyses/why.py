"""The critical path: which layers set the receptive field of a layer, and what each of them adds.

On one axis, the first index of a unit's unclipped box is reached by a chain of layers, each reading the lowest tap that leads
there; so is the last index. Let j be a layer's stride in pixels, and a and b the units on the two chains. From a layer to the
one that it reads, (j b - j' b') - (j a - j' a') pixels are added, which is (k-1) d j for a window, and depends on the phase
after upsampling. The sum over the chain is the size of the box less one, exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import lcm

from rfcalc.errors import RuleError
from rfcalc.fields.field import Span
from rfcalc.fields.forward import Support, boxes_at, hull
from rfcalc.graph import Graph
from rfcalc.record import record
from rfcalc.relations.read import Read

MOST_PHASES = 1024
Unit = tuple[int, ...]


@record
class Share:
    """What one layer adds to the field, in pixels before and after; `node` is its index."""

    node: int
    before: Fraction
    after: Fraction

    @property
    def adds(self) -> Fraction:
        """Pixels that it adds."""
        return self.before + self.after


@record
class Path:
    """The critical path of one axis, from the input on: 1 + the sum of all shares = `size`, the box of `unit`."""

    axis: int
    unit: Unit
    size: int
    shares: tuple[Share, ...]

    @cached_property
    def adds(self) -> dict[int, Fraction]:
        """What each node of the path adds to the field."""
        return {share.node: share.adds for share in self.shares}


@record
class CriticalPaths:
    """The critical path of each axis of the image to node `target`; none where every path is global."""

    target: int
    paths: tuple[Path, ...]

    def adds(self, node: int) -> tuple[Fraction, ...]:
        """What a node adds to the field, per axis."""
        return tuple(path.adds.get(node, Fraction(0)) for path in self.paths)


def critical_paths(graph: Graph, supports: Sequence[Support], target: int) -> CriticalPaths:
    """The critical path of each axis of the image to node `target`. `supports`: those of the forward engine
    on the input that is measured. Raises RuleError where branches too many to keep apart were joined."""
    support = supports[target]
    if not support.terms:
        return CriticalPaths(target, ())
    axes = range(len(support.terms[0].axes))
    return CriticalPaths(target, tuple(_Trace(graph, supports, k).path(target, widest(support, k)) for k in axes))


def widest(support: Support, axis: int) -> Unit:
    """A unit whose box is the largest on the axis, over the phases."""
    rank = len(support.terms[0].axes)
    periods = [min(MOST_PHASES, lcm(*(term.axes[k].period for term in support.terms))) for k in range(rank)]
    diagonal = ((i,) * rank for i in range(max(periods)))
    best, size = (0,) * rank, 0
    for unit in diagonal:
        box = hull(support, unit)
        if box and box[axis][1] - box[axis][0] + 1 > size:
            best, size = unit, box[axis][1] - box[axis][0] + 1
    return best


@record
class _Step:
    """Where one end of the box is read: a node, one of its units, and the channels (a bit set) that matter."""

    node: int
    unit: Unit
    channels: int


class _Trace:
    def __init__(self, graph: Graph, supports: Sequence[Support], axis: int) -> None:
        self.graph, self.supports, self.axis = graph, supports, axis

    def path(self, target: int, unit: Unit) -> Path:
        """Follows both ends of the box to the input, on one chain as long as possible."""
        start = _Step(target, unit, -1)
        ends = [start, start]
        spans = [self._end(start, side) for side in (0, 1)]
        moved: dict[int, list[Fraction]] = {}
        while any(not self.graph.nodes[end.node].is_input for end in ends):
            index = max(end.node for end in ends)
            sides = [side for side in (0, 1) if ends[side].node == index]
            options = {side: list(self._options(ends[side], side, spans[side])) for side in sides}
            if not all(options.values()):
                raise RuleError(f'the critical path cannot be followed through "{self.graph.nodes[index].name}"')
            shared = set.intersection(*({option.node for option in options[side]} for side in sides))
            for side in sides:
                step = next((o for o in options[side] if o.node in shared), options[side][0])
                old, new = (self._stride(end.node) * end.unit[self.axis] for end in (ends[side], step))
                moved.setdefault(index, [Fraction(0), Fraction(0)])[side] += (new - old) if side else (old - new)
                ends[side] = step
        shares = tuple(Share(i, *by) for i, by in sorted(moved.items()) if any(by))
        return Path(self.axis, unit, spans[1] - spans[0] + 1, shares)

    def _stride(self, node: int) -> Fraction:
        return self.supports[node].terms[0].axes[self.axis].rate

    def _end(self, step: _Step, side: int) -> int:
        """The first (side 0) or last index that a unit reads."""
        spans = [box[self.axis] for box in self._boxes(step)]
        return max(span[1] for span in spans) if side else min(span[0] for span in spans)

    def _boxes(self, step: _Step) -> list[tuple[Span, ...]]:
        support = self.supports[step.node]
        if step.channels != -1:
            support = Support(tuple(t for t in support.terms if t.channels & step.channels))
        return boxes_at(support, step.unit)

    def _options(self, step: _Step, side: int, wanted: int) -> Iterator[_Step]:
        """Units of this layer's inputs that reach the same end of the box, one for each input."""
        node = self.graph.nodes[step.node]
        for read in node.reads:
            source = node.inputs[read.source]
            if not read.local or not self.supports[source].terms:
                continue
            channels = read.channels.pull(step.channels)
            for unit in self._units(read, step.unit, side):
                option = _Step(source, unit, channels)
                if any(box[self.axis][side] == wanted for box in self._boxes(option)):
                    yield option
                    break

    def _units(self, read: Read, unit: Unit, side: int) -> Iterator[Unit]:
        """The units that one Read leads to, the outermost on the axis first."""
        if any(i % period != phase for i, (period, phase) in zip(unit, read.phases, strict=False)):
            return
        taps = [list(reach.at(i)) if reach else [i] for i, reach in zip(unit, read.axes or (None,) * len(unit), strict=True)]
        if side:
            taps[self.axis].reverse()
        order = (self.axis, *(k for k in range(len(unit)) if k != self.axis))
        for choice in product(*(taps[k] for k in order)):
            yield tuple(choice[order.index(k)] for k in range(len(unit)))
