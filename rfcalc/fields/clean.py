"""Which units touch no padding of one axis: neither they nor anything that they read, on any path without a global layer.

What touches it is a union of products, each a set of rows (positions along the axis) for a set of channels and a set of
positions on each other axis. A read that an interpolation clamps to the edge counts as padding: with a larger input the unit
would see more. A unit that reads nothing at all touches no padding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from operator import and_

from rfcalc.fields.backward import area, comb, runs
from rfcalc.fields.forward import selects_channels
from rfcalc.fields.resized import Resized, ShapesAtSize
from rfcalc.record import record
from rfcalc.relations.channels import Same
from rfcalc.relations.geometry import IDENTITY, PaddingMode, Reach
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape

MADE, MOVED = 30, 2  # what it takes to make a move, and to move the rows of one place, in layers that are looked up
PUSHED = 50  # channels that are told apart in the time of one of them
Place = tuple[int, tuple[int, ...]]  # channels, and positions on the other axes; -1 for all
Touched = dict[Place, int]  # the rows that touch padding, for units at each place


@record
class Rows:
    """The units of one layer that touch padding of an axis; None where every path to it is global."""

    shape: Shape
    axis: int
    touched: Touched | None

    @property
    def clean(self) -> int:
        """The rows in which no unit touches any, as a bit set."""
        if self.touched is None:
            return 0
        found = (1 << self.shape.size[self.axis]) - 1
        for rows in self.touched.values():
            found &= ~rows
        return found

    @property
    def some(self) -> bool:
        """True if some unit touches none, in any of its channels."""
        if self.touched is None or self.clean:
            return self.touched is not None
        every = [(1 << n) - 1 for n in self.shape.size]
        products = []
        for (_, others), rows in self.touched.items():
            sets = (*others[: self.axis], rows, *others[self.axis :])
            products.append(tuple(bits & full for bits, full in zip(sets, every, strict=True)))
        return area(products) < self.shape.positions


class Clean:
    """The units without padding of every node, along one axis, at any size of the input."""

    def __init__(self, sizes: ShapesAtSize, axis: int) -> None:
        self.sizes, self.axis = sizes, axis
        self.by_channel = selects_channels(sizes.graph)  # whether channels are told apart
        self._moves: dict[Resized, list[_Move]] = {}
        self._paths: dict[int, list[list[int]]] = {}
        self._known: dict[tuple[object, ...], dict[int, Touched | None]] = {}

    def rows(self, size: Sequence[int], target: int) -> Rows:
        """What node `target` touches at a size of the input; raises SizeError where that does not fit."""
        layers = self.sizes.at(size)
        found: dict[int, Touched | None] = {}
        for part in self._path(target):
            if len(part) == 1:
                self._stage(part, layers, found)
                continue
            entry = found.get(part[0] - 1)  # None as well where nothing on the path reads the node before the stage
            key = (part[0], part[-1], layers[part[0] - 1].number, None if entry is None else tuple(entry.items()))
            if key in self._known:
                found.update(self._known[key])
            else:
                self._stage(part, layers, found)
                self._known[key] = {i: found[i] for i in part}
        return Rows(layers[target].shape, self.axis, found[target])

    def _stage(self, part: Sequence[int], layers: Sequence[Resized], found: dict[int, Touched | None]) -> None:
        """Finds what some nodes in a row touch, by what the nodes before them do."""
        nodes, rank = self.sizes.graph.nodes, len(self.sizes.image)
        for i in part:
            node, layer = nodes[i], layers[i]
            if node.is_input:
                found[i] = {} if layer.shape.rank == rank else None
            elif layer.same and (not self.by_channel or type(layer.reads[0].channels) is Same):
                found[i] = found[node.inputs[layer.reads[0].source]]
            else:
                found[i] = self._layer(layer, [found[j] for j in node.inputs])

    def _layer(self, layer: Resized, inputs: Sequence[Touched | None]) -> Touched | None:
        """What the units of a layer touch, by themselves or in what they read; None where every path is global."""
        if layer not in self._moves:
            self._moves[layer] = [_Move(self, layer, read) for read in layer.reads if read.local]
        touched: Touched = {}
        local = False
        for move in self._moves[layer]:
            before = inputs[move.read.source]
            if before is not None:
                local = True
                if move.total and before.get(move.start) == move.all:
                    return move.whole
                for place, rows in move.of(before):
                    touched[place] = touched.get(place, 0) | rows
        return touched if local else None

    def _path(self, target: int) -> list[list[int]]:
        """The nodes that a node depends on, and itself, in order, by their stages."""
        if target not in self._paths:
            wanted = {target}
            for i in range(target, -1, -1):
                wanted.update(self.sizes.graph.nodes[i].inputs if i in wanted else ())
            parts = ([i for i in part if i in wanted] for part in self.sizes.stages)
            self._paths[target] = [part for part in parts if part]
        return self._paths[target]


class _Move:
    """One Read of a layer: from what an input touches to what the layer touches."""

    def __init__(self, clean: Clean, layer: Resized, read: Read) -> None:
        source, out, axis = layer.inputs[read.source], layer.shape, clean.axis
        self.read, self.by_channel, self.sizes = read, clean.by_channel, clean.sizes
        self.channels = (1 << out.channels) - 1
        axes = list(zip(read.axes or (IDENTITY,) * out.rank, source.size, out.size, strict=True))
        self.axis, self.others = axes[axis], axes[:axis] + axes[axis + 1 :]
        self.sizes.spent += MADE + (self.axis[0].period if self.axis[0] is not None else 0)
        self.sizes.spent += out.channels // PUSHED if self.by_channel else 0
        phases = [_at(phase, m) for phase, m in zip(read.phases, out.size, strict=False)] if clean.by_channel else []
        self.phase, self.phases = (phases[axis], phases[:axis] + phases[axis + 1 :]) if phases else (-1, [])
        self.start: Place = ((1 << source.channels) - 1 if self.by_channel else -1, (-1,) * len(self.others))
        self.everywhere = self._elsewhere(self.start[1])
        # Where each unit reads something, and all that it may read touches padding, so do all units.
        (reach, n, m), pushed = self.axis, read.channels.push(self.start[0]) & self.channels if self.by_channel else -1
        every = not phases and self.everywhere == self.start[1] and (not self.by_channel or pushed == self.channels)
        self.total = every and (reach is None or reach.total)
        self.all, self.whole = (1 << n) - 1, {(self.channels if self.by_channel else -1, self.everywhere): (1 << m) - 1}

    def of(self, before: Touched) -> Iterator[tuple[Place, int]]:
        """Rows at each place; those that are read beyond the edge in any case."""
        self.sizes.spent += MOVED * (len(before) + 1)
        for (channels, others), rows in (before if self.start in before else {self.start: 0, **before}).items():
            rows = self._reading(rows) & self.phase
            pushed = self.read.channels.push(channels) & self.channels if self.by_channel else -1
            moved = self.everywhere if others == self.start[1] else self._elsewhere(others)
            if rows and pushed and 0 not in moved:
                yield (pushed, moved), rows

    def _reading(self, rows: int) -> int:
        """The units that read any of `rows` or beyond the units of the input."""
        reach, n, m = self.axis
        if reach is None or reach is IDENTITY:
            return (rows | -1 << n) & ((1 << m) - 1)  # a crop, or padding, at the end is no move
        self.sizes.spent += min(reach.period, m)
        return ~through(reach, ~rows & ((1 << n) - 1), m) & ((1 << m) - 1)

    def _elsewhere(self, others: tuple[int, ...]) -> tuple[int, ...]:
        """The units on the other axes that read any of `others`."""
        moved = tuple(_crossed(*axis, bits) for axis, bits in zip(self.others, others, strict=True))
        return tuple(map(and_, moved, self.phases)) if self.phases else moved


@lru_cache(maxsize=4096)
def _crossed(reach: Reach | None, n: int, m: int, bits: int) -> int:
    """The units, of `m`, that read any of `bits`."""
    if reach is None or reach is IDENTITY:
        return bits if bits == -1 else bits & ((1 << m) - 1)
    if bits | -1 << n == -1 and reach.period == 1 and reach.advance and reach.gap <= n and len(taps := reach.taps[0]):
        first, last = max(0, -(taps[-1] // reach.advance)), min(m - 1, (n - 1 - taps[0]) // reach.advance)
        if (first, last) == (0, m - 1) or reach.fold is not PaddingMode.ZERO:
            return -1
        return (1 << last + 1) - (1 << first) if first <= last else 0
    reading = (any((j := reach.fold.index(tap, n)) is not None and bits >> j & 1 for tap in reach.at(i)) for i in range(m))
    units = int("".join("1" if reads else "0" for reads in reading)[::-1] or "0", 2)
    return -1 if units + 1 == 1 << m else units


def _at(phase: tuple[int, int], m: int) -> int:
    """The units, of `m`, at (period, phase)."""
    period, first = phase
    return sum(1 << i for i in range(first, m, period))


@lru_cache(maxsize=4096)
def through(reach: Reach, clean: int, m: int) -> int:
    """The units, of `m`, of which every read lies in the set `clean` of input units."""
    if not clean and reach.total:
        return 0
    low = (clean & -clean).bit_length() - 1
    last = clean.bit_length() - 1
    if not clean or clean >> low != (1 << (last - low + 1)) - 1:
        return _one_by_one(reach, clean, m)
    untouched = 0
    for phase in range(min(reach.period, m)):
        taps = reach.taps[phase]
        turns = -(-(m - phase) // reach.period)
        first, stop = 0, turns
        if len(taps) and reach.advance:
            first = max(0, -(-(low - taps[0]) // reach.advance))
            stop = min(turns, (last - taps[-1]) // reach.advance + 1)
        elif len(taps) and not (low <= taps[0] and taps[-1] <= last):
            continue
        if stop > first:
            untouched |= comb(reach.period, stop - first) << (first * reach.period + phase)
    return untouched


def _one_by_one(reach: Reach, clean: int, m: int) -> int:
    untouched = 0
    for i in range(m):
        if all(tap >= 0 and clean >> tap & 1 for tap in reach.at(i)):
            untouched |= 1 << i
    return untouched


def longest_run(bits: int) -> tuple[int, int] | None:
    """First and last unit of the longest run without a gap; None for the empty set."""
    return max(runs(bits), key=lambda run: run[1] - run[0], default=None)
