"""A network as an ensemble of paths (Veit, Wilber, Belongie: "Residual Networks Behave Like Ensembles of Relatively Shallow
Networks", 2016): how many there are, how many weighted layers they pass, and how much of the input each of them sees.

A path leads from the input to a layer along what the layers read. Wherever a layer reads several others (a sum, a
concatenation, a gate) it is a choice: a residual block has two paths, its body and its skip, with or without a projection.
Its length is the number of layers with multiply-accumulates that it passes. Its field on an axis is the box that one unit
sees by this path alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from rfcalc.errors import RuleError
from rfcalc.graph import Graph, Node
from rfcalc.record import record
from rfcalc.relations.geometry import IDENTITY, Reach
from rfcalc.relations.read import Read

MOST_STATES = 2_000_000
Ends = tuple[int, int]


class _Move:
    """How a layer reads one axis of an input; `phase` restricts it to units i with i % phase[0] == phase[1]."""

    def __init__(self, reach: Reach, phase: tuple[int, int]) -> None:
        self.reach, self.phase = reach, phase
        self._known: dict[int, Ends | None] = {}

    @cached_property
    def slides(self) -> bool:
        """Whether each unit reads the same places, seen from its own."""
        return self.reach.period == self.reach.advance == self.phase[0] == 1 and self.reach.total

    @cached_property
    def ordered(self) -> bool:
        """Whether the first and the last unit of a box read the first and the last place."""
        return self.reach.monotone and self.phase[0] == 1

    def of(self, unit: int) -> Ends | None:
        """First and last of what a unit reads; None if it reads nothing."""
        if unit not in self._known:
            taps = self.reach.at(unit) if unit % self.phase[0] == self.phase[1] else ()
            self._known[unit] = (taps[0], taps[-1]) if len(taps) else None
        return self._known[unit]


@record
class _Boxes:
    """How many paths see each box; `first` and `last` are added to the two ends of all of them."""

    counts: dict[Ends, int]
    first: int = 0
    last: int = 0

    def items(self) -> Iterator[tuple[Ends, int]]:
        """Each box with its number of paths."""
        return (((a + self.first, b + self.last), count) for (a, b), count in self.counts.items())

    @property
    def paths(self) -> int:
        """The number of paths."""
        return sum(self.counts.values())


@record
class PathCounts:
    """`lengths`: number of paths by their length. Counted exactly, in whole numbers."""

    lengths: dict[int, int]

    @property
    def count(self) -> int:
        """How many paths there are."""
        return sum(self.lengths.values())


@record
class PathFields:
    """`fields`: number of paths by the box that unit `unit` sees on one axis, in pixels. `nothing`: paths on which it reads
    no unit. `whole`: paths through a global layer, which see the whole input. `bound`: on some path the boxes may be too
    large, because a layer's units do not read in order (a transposed convolution that leaves units out)."""

    axis: int
    unit: int
    fields: dict[int, int]
    nothing: int
    whole: int
    bound: bool


def sources(node: Node) -> list[int]:
    """The nodes that a layer reads, each once."""
    if len(node.inputs) == 1:
        return list(node.inputs)
    return list(dict.fromkeys(node.inputs[read.source] for read in node.reads))


def count_paths(graph: Graph, target: int, source: int) -> list[int]:
    """How many paths lead from node `source` to each node up to `target`."""
    counts = [0] * (target + 1)
    counts[source] = 1
    for i in range(source + 1, target + 1):
        for j in sources(graph.nodes[i]):
            counts[i] += counts[j]
    return counts


def path_lengths(graph: Graph, target: int, source: int) -> PathCounts:
    """The distribution of the paths' lengths: a fold with polynomials, whose coefficients are packed into one int."""
    width = count_paths(graph, target, source)[target].bit_length() + 1
    counts = [0] * (target + 1)
    counts[source] = 1
    for i in range(source + 1, target + 1):
        node = graph.nodes[i]
        total = 0
        for j in sources(node):
            total += counts[j]
        counts[i] = total << width if total and node.cost.macs else total
    return PathCounts(_unpacked(counts[target], width))


def _unpacked(packed: int, width: int) -> dict[int, int]:
    counts, mask, degree = {}, (1 << width) - 1, 0
    while packed:
        if count := packed & mask:
            counts[degree] = count
        packed >>= width
        degree += 1
    return counts


def path_fields(graph: Graph, target: int, source: int, axis: int, unit: int) -> PathFields:
    """The distribution of the paths' boxes on one axis, followed from a unit of node `target` to the input: the two ends of a
    box move by themselves from layer to layer. Raises RuleError where there are too many different boxes."""
    counts = count_paths(graph, target, source)
    states: list[_Boxes | None] = [None] * (target + 1)
    states[target] = _Boxes({(unit, unit): 1})
    nothing, whole, bound, kept = 0, 0, False, 0
    known: dict[object, _Move] = {}
    for i in range(target, source, -1):
        node, here = graph.nodes[i], states[i]
        states[i] = None
        for j in sources(node) if here else ():
            if here is None or not counts[j]:
                continue
            moves = [_move(read, axis, known) for read in node.reads if node.inputs[read.source] == j]
            local = [move for move in moves if move is not None]
            if len(local) < len(moves):
                whole += counts[j] * here.paths
                continue
            bound = bound or not all(move.reach.monotone for move in local)
            moved, lost = _moved(here, local)
            nothing += counts[j] * lost
            states[j] = _both(states[j], moved)
            kept += len(moved.counts)
        if kept > MOST_STATES:
            raise RuleError(f"the paths to {graph.nodes[target].name} see too many different boxes to count")
    sizes: dict[int, int] = {}
    seen = states[source] or _Boxes({})
    for (a, b), count in seen.items():
        sizes[b - a + 1] = sizes.get(b - a + 1, 0) + count
    return PathFields(axis, unit, dict(sorted(sizes.items())), nothing, whole, bound)


def mirrored(graph: Graph, axis: int) -> bool:
    """Whether every layer reads this axis of the image as it does the first one, by relations that are the same."""
    facts = (of_axes for node in graph.nodes for read in node.reads for of_axes in (read.axes, read.phases) if of_axes)
    return all(axis < len(of_axes) and of_axes[0] == of_axes[axis] for of_axes in facts)


def _move(read: Read, axis: int, known: dict[object, _Move]) -> _Move | None:
    """None where the read is global; one that is known already."""
    reach = read.axes[axis] if read.axes else IDENTITY
    if reach is None or not read.local:
        return None
    phase = read.phases[axis] if read.phases else (1, 0)
    return known.setdefault((reach, phase), _Move(reach, phase))


def _moved(boxes: _Boxes, moves: Sequence[_Move]) -> tuple[_Boxes, int]:
    """The boxes that the units of boxes read, and the number of paths on which these read nothing."""
    if len(moves) == 1 and moves[0].slides:
        taps = moves[0].reach.taps[0]
        return _Boxes(boxes.counts, boxes.first + taps[0], boxes.last + taps[-1]), 0
    moved: dict[Ends, int] = {}
    lost = 0
    for ends, count in boxes.items():
        if box := _read(ends, moves):
            moved[box] = moved.get(box, 0) + count
        else:
            lost += count
    return _Boxes(moved), lost


def _read(ends: Ends, moves: Sequence[_Move]) -> Ends | None:
    """The box that the units of a box read; None if they read nothing."""
    a, b = ends
    if len(moves) == 1 and moves[0].ordered:
        first, last = moves[0].of(a), moves[0].of(b)
        return (first[0], last[1]) if first and last else first or last
    reads = [read for move in moves for i in (ends if move.reach.monotone else range(a, b + 1)) if (read := move.of(i))]
    return (min(first for first, _ in reads), max(last for _, last in reads)) if reads else None


def _both(one: _Boxes | None, other: _Boxes) -> _Boxes:
    """The paths of both."""
    if one is None:
        return other
    counts, first, last = dict(one.counts), other.first - one.first, other.last - one.last
    for (a, b), count in other.counts.items():
        box = a + first, b + last
        counts[box] = counts.get(box, 0) + count
    return _Boxes(counts, one.first, one.last)
