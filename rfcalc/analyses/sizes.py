"""Which input sizes fit a network, which of them lose no rows, and the smallest on which some unit touches no padding.

Sizes are tried one by one, so that a rule is exact within the range that was tried. A size is lossless if it fits and no
tensor that a strided layer reads has units at its end that nobody reads: a 2x2 pool of 7 units drops the seventh.
"""

from __future__ import annotations

from functools import cached_property

from rfcalc.errors import RuleError
from rfcalc.fields.clean import Clean
from rfcalc.fields.resized import SizeError, Sizes
from rfcalc.graph import Graph
from rfcalc.record import record

LEAST_RANGE, MOST_RANGE = 1024, 4096
MOST_TRIED = 64


@record
class Rule:
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
        found: list[int] = []
        for n in range(least, end + 1):
            if len(found) == count:
                break
            if n in self:
                found.append(n)
        return found


def rule(members: int, limit: int) -> Rule:
    """The pattern of a set of sizes: the shortest period that holds over at least half of the range."""
    for period in range(1, limit // 6 + 1):
        differ = (members ^ members >> period) & ((1 << (limit - period + 1)) - 1) & ~1
        start = differ.bit_length()
        if start <= limit // 2:
            return Rule(members, limit, period, max(1, start))
    return Rule(members, limit, 1, None)


@record
class Fitting:
    """Sizes along one axis, the others as in the spec: those that fit, those that lose nothing as well, and which layer
    refuses how many of the others, with an example (size, message)."""

    fits: Rule
    lossless: Rule
    refusals: tuple[tuple[str, int, int, str], ...]


def fitting(sizes: Sizes, axis: int, limit: int = 0) -> Fitting:
    """Tries every size of one axis from 1 to `limit` (by default three times the spec's size, between 1024 and 4096)."""
    image = sizes.image
    limit = limit or max(LEAST_RANGE, min(3 * image[axis], MOST_RANGE))
    losses = _Losses(sizes, axis)
    fits, lossless = 0, 0
    refused: dict[str, list[tuple[int, str]]] = {}
    for n in range(1, limit + 1):
        try:
            numbers = sizes.at((*image[:axis], n, *image[axis + 1 :]))
        except SizeError as error:
            refused.setdefault(error.layer, []).append((n, error.message))
            continue
        fits |= 1 << n
        if not losses.any(numbers):
            lossless |= 1 << n
    refusals = tuple((layer, len(all), *all[-1]) for layer, all in refused.items())
    return Fitting(rule(fits, limit), rule(lossless, limit), refusals)


class _Losses:
    """Whether a strided layer leaves units at the end of its input that nobody else reads."""

    def __init__(self, sizes: Sizes, axis: int) -> None:
        self.sizes, self.axis = sizes, axis
        graph = sizes.graph
        self.watched = [j for j, readers in enumerate(graph.readers) if any(self._strided(i, j) for i in readers)]

    def _strided(self, reader: int, source: int) -> bool:
        node = self.sizes.graph.nodes[reader]
        if self.sizes.graph.nodes[source].shape.rank != len(self.sizes.image):
            return False  # its axes are not the image's: a row of all positions
        reaches = [read.axes[self.axis] for read in node.reads if node.inputs[read.source] == source and read.axes]
        return any(reach is not None and reach.advance > reach.period for reach in reaches)

    def any(self, numbers: list[int]) -> bool:
        """True if something is lost at these shapes."""
        return any(self._lost(j, numbers) for j in self.watched)

    def _lost(self, source: int, numbers: list[int]) -> bool:
        shapes, nodes = self.sizes.shapes, self.sizes.graph.nodes
        last = shapes[numbers[source]].size[self.axis] - 1
        for i in self.sizes.graph.readers[source]:
            out = shapes[numbers[i]]
            for read in self.sizes.reads(i, numbers):
                if nodes[i].inputs[read.source] != source:
                    continue
                reach = read.axes[self.axis] if read.axes else None
                if read.axes and reach is None:
                    return False
                end = out.size[self.axis] - 1
                taps = (end,) if reach is None else reach.at(end)
                if len(taps) and taps[-1] >= last:
                    return False
        return True


def smallest_clean(sizes: Sizes, target: int, axis: int, least: int, grid: int) -> int | None:
    """The smallest size of one axis, from `least` (the field) on, at which some unit of node `target` touches no padding on
    any path without a global layer; None if none of the sizes around `enough` has one."""
    clean, image = Clean(sizes, axis), sizes.image

    def free(n: int) -> bool:
        try:
            return bool(clean.units((*image[:axis], n, *image[axis + 1 :]), target))
        except SizeError:
            return False

    most = enough(least, grid)
    if not any(free(n) for n in range(most, most + min(grid, MOST_TRIED))):
        return None
    return next(n for n in range(least, most + MOST_TRIED) if free(n))


def enough(least: int, grid: int) -> int:
    """A size at which a network with fields of `least` pixels has units without padding, unless it pools over parts of its
    input: twice the field and eight steps of the grid."""
    return 2 * least + 8 * min(grid, MOST_TRIED) + MOST_TRIED


def need_axes(graph: Graph) -> None:
    """Raises RuleError for a network whose input has no size."""
    if not graph.nodes[graph.inputs[0]].shape.rank:
        raise RuleError("the input is a vector: it has no size to vary")
