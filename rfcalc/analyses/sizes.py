"""Which input sizes fit a network, which of them lose no rows, and the smallest on which some unit touches no padding.

Sizes are tried one by one, so that a rule is exact within the range that was tried. A size is lossless if it fits and no
strided layer drops rows: units that nobody reads, though a window that found no room would have. A 2x2 pool of 7 units drops
the seventh; a 1x1 convolution of stride 2 drops none of 8, but it steps over every other one (`stepped_over`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from math import lcm

from rfcalc.errors import RuleError
from rfcalc.fields.backward import pull_axis
from rfcalc.fields.clean import Clean
from rfcalc.fields.forward import Support
from rfcalc.fields.resized import Resized, ShapesAtSize, SizeError
from rfcalc.graph import Graph, Node
from rfcalc.progress import each
from rfcalc.record import record
from rfcalc.relations.geometry import IDENTITY, Reach

LEAST_RANGE, MOST_RANGE = 1024, 4096
MOST_SPENT = 1_500_000  # of what a network at many sizes takes, for each question; --limit asks without this limit
MOST_GRID = 64
MOST_TRIED = 16384


@record
class SizeSet:
    """A set of sizes between 1 and `limit`, as a bit set, and its pattern: from `start` on, size n is in it if and only if
    n + period is. `start` is None where no pattern repeats at least three times over half of the range."""

    members: int
    limit: int
    period: int
    start: int | None

    def __contains__(self, size: int) -> bool:
        if size > self.limit and self.start is not None:
            size -= -((self.limit - size) // self.period) * self.period
        return bool(self.members >> size & 1)

    @cached_property
    def first(self) -> int | None:
        """The smallest size; None if none fits."""
        return (self.members & -self.members).bit_length() - 1 if self.members else None

    @cached_property
    def residues(self) -> tuple[int, ...]:
        """What n mod period may be, from `start` on."""
        if self.start is None:
            return ()
        return tuple(sorted(n % self.period for n in range(self.start, self.start + self.period) if self.members >> n & 1))

    @cached_property
    def irregular(self) -> tuple[int, ...]:
        """The sizes below `start`; all sizes if there is no pattern."""
        end = self.limit + 1 if self.start is None else self.start
        return tuple(n for n in range(1, end) if self.members >> n & 1)

    def from_on(self, least: int, count: int) -> list[int]:
        """The first `count` members that are at least `least`, beyond the range by the pattern."""
        end = self.limit if self.start is None else max(self.limit, least) + (count + 1) * self.period
        sizes: list[int] = []
        for n in range(least, end + 1):
            if len(sizes) == count:
                break
            if n in self:
                sizes.append(n)
        return sizes


def rule(members: int, limit: int) -> SizeSet:
    """The pattern of a set of sizes: the shortest period that holds over at least half of the range."""
    for period in range(1, limit // 6 + 1):
        differ = (members ^ members >> period) & ((1 << (limit - period + 1)) - 1) & ~1
        start = differ.bit_length()
        if start <= limit // 2:
            return SizeSet(members, limit, period, max(1, start))
    return SizeSet(members, limit, 1, None)


@record
class Fitting:
    """Sizes along one axis, the others as in the spec: those that fit, those that lose nothing as well, and which layer
    refuses how many of the others, with an example (size, message)."""

    fits: SizeSet
    lossless: SizeSet
    refusals: tuple[tuple[str, int, int, str], ...]


def usual(size: int) -> int:
    """Up to which size it is worth trying, beside the spec's."""
    return max(LEAST_RANGE, min(3 * size, MOST_RANGE))


def fitting(sizes: ShapesAtSize, axis: int, limit: int = 0) -> Fitting:
    """Tries every size of one axis from 1 to `limit` (by default three times the spec's size, between 1024 and 4096, or as far
    as MOST_SPENT goes)."""
    image, spent = sizes.image, sizes.spent
    most = 0 if limit else MOST_SPENT
    limit = limit or usual(image[axis])
    rows = Rows(sizes, axis)
    fits, lossless = 0, 0
    refused: dict[str, list[tuple[int, str]]] = {}
    for n in each(f"trying sizes of axis {axis + 1}", range(1, limit + 1)):
        if most and sizes.spent - spent > most:
            limit = n - 1
            break
        try:
            layers = sizes.at((*image[:axis], n, *image[axis + 1 :]))
        except SizeError as error:
            refused.setdefault(error.layer, []).append((n, error.message))
            continue
        fits |= 1 << n
        if not rows.drops(layers):
            lossless |= 1 << n
    refusals = tuple((layer, len(all), *all[-1]) for layer, all in refused.items())
    return Fitting(rule(fits, limit), rule(lossless, limit), refusals)


class Rows:
    """Which rows (units along one axis) of each tensor its readers read, at any size of the input."""

    def __init__(self, sizes: ShapesAtSize, axis: int) -> None:
        self.sizes, self.axis = sizes, axis
        self._known: dict[tuple[Reach, int, int], tuple[int, int]] = {}
        nodes, readers = sizes.graph.nodes, sizes.graph.readers
        spatial = [j for j, node in enumerate(nodes) if node.shape.rank == len(sizes.image)]  # else a row of all positions
        self.watched = {j: strided for j in spatial if (strided := [i for i in readers[j] if self._strided(nodes[i], j)])}

    def _strided(self, node: Node, source: int) -> bool:
        reaches = [read.axes[self.axis] for read in node.reads if node.inputs[read.source] == source and read.axes]
        return any(_steps(reach) for reach in reaches)

    def drops(self, layers: Sequence[Resized]) -> bool:
        """True if, at this size, rows are read by no layer that would be read if a map went on beyond its end."""
        return any(beyond & ~read for read, beyond in (self._of(j, layers) for j in self.watched))

    def stepped_over(self, layers: Sequence[Resized]) -> Iterator[tuple[int, list[int]]]:
        """Tensors with rows that no layer reads and none would read if the map went on, and their strided readers."""
        for j, strided in self.watched.items():
            read, beyond = self._of(j, layers)
            if (read | beyond).bit_count() < layers[j].shape.size[self.axis]:
                yield j, strided

    def _of(self, source: int, layers: Sequence[Resized]) -> tuple[int, int]:
        """The rows of a tensor that some layer reads, and those that the windows after the last would read, as bit sets."""
        graph, read, beyond = self.sizes.graph, 0, 0
        n = layers[source].shape.size[self.axis]
        for i in graph.readers[source]:
            for one in layers[i].reads:
                if graph.nodes[i].inputs[one.source] != source:
                    continue
                reach = one.axes[self.axis] if one.axes else IDENTITY
                if reach is None or self.axis >= layers[i].shape.rank:
                    return (1 << n) - 1, 0
                now, then = self._rows(reach, layers[i].shape.size[self.axis], n)
                read, beyond = read | now, beyond | then
        return read, beyond

    def _rows(self, reach: Reach, m: int, n: int) -> tuple[int, int]:
        key = (reach, m, n)
        if key not in self._known:
            read = pull_axis(reach, (1 << m) - 1, n)
            some = read + 1 != 1 << n and _steps(reach)
            self._known[key] = read, _beyond(reach, m, n) if some else 0
        return self._known[key]


def _steps(reach: Reach | None) -> bool:
    """True for a stride beyond 1."""
    return reach is not None and reach.advance > reach.period


def _beyond(reach: Reach, m: int, n: int) -> int:
    """Of `n` units, those that the windows after the first `m` would read, as a bit set."""
    least = min((taps[0] for taps in reach.taps if len(taps)), default=n)
    turns = -((least - n) // reach.advance)  # from this turn on, windows begin at n or later
    taps = (tap for i in range(m, turns * reach.period) for tap in reach.at(i))
    return sum({1 << tap for tap in taps if 0 <= tap < n})


def smallest_clean(sizes: ShapesAtSize, target: int, axis: int, limit: int, most: int = 0) -> tuple[int | None, int]:
    """The smallest size of one axis, up to `limit`, at which some unit of node `target` touches no padding on any path without
    a global layer, or None; and the last size that was tried: no further than `most` of what that takes, if it is not 0. Each
    size is tried: where layers depend on the size, more is not always better."""
    clean, image, spent = Clean(sizes, axis), sizes.image, sizes.spent
    for n in each("looking for a unit without padding", range(1, limit + 1)):
        if most and sizes.spent - spent > most:
            return None, n - 1
        try:
            if clean.rows((*image[:axis], n, *image[axis + 1 :]), target).some:
                return n, n
        except SizeError:
            continue
    return None, limit


def enough(support: Support, axis: int) -> int:
    """A size at which units without padding may be expected: twice the field, and eight steps of the grid; at most
    MOST_TRIED, since all sizes up to it are tried."""
    spans = [span for term in support.terms for span in term.axes[axis].spans if span is not None]
    least = min((span[1] - span[0] + 1 for span in spans), default=1)
    grid = lcm(*(term.axes[axis].advance for term in support.terms))
    return min(2 * least + 8 * min(grid, MOST_GRID) + MOST_GRID, MOST_TRIED)


def need_axes(graph: Graph) -> None:
    """Raises RuleError for a network whose input has no size."""
    if not graph.nodes[graph.inputs[0]].shape.rank:
        raise RuleError("the input is a vector: it has no size to vary")
