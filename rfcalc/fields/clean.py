"""Which units touch no padding: neither they nor anything that they read, on any path without a global layer.

A set of units is a bit set per node and axis. A read that an interpolation clamps to the edge counts as padding: with a
larger input the unit would see more. A unit that reads nothing at all touches no padding.
"""

from __future__ import annotations

from collections.abc import Sequence

from rfcalc.fields.backward import runs
from rfcalc.fields.resized import Sizes
from rfcalc.relations.geometry import IDENTITY, Reach


class Clean:
    """The units without padding of every node, along one axis, at any size of the input."""

    def __init__(self, sizes: Sizes, axis: int) -> None:
        self.sizes, self.axis = sizes, axis
        self._known: dict[tuple[Reach, int, int], int] = {}

    def units(self, size: Sequence[int], target: int) -> int:
        """The clean units of node `target` on the axis, as a bit set; raises SizeError where the size does not fit."""
        numbers = self.sizes.at(size)
        graph, axis, rank = self.sizes.graph, self.axis, len(self.sizes.image)
        found: list[int | None] = []  # None where every path is global
        for i, node in enumerate(graph.nodes[: target + 1]):
            shape = self.sizes.shapes[numbers[i]]
            clean = (1 << shape.size[axis]) - 1 if node.is_input and shape.rank == rank else None
            for read in self.sizes.reads(i, numbers):
                before = found[node.inputs[read.source]] if read.local else None
                if before is None:
                    continue
                reach = read.axes[axis] if read.axes else None
                if reach is not None and reach is not IDENTITY:
                    before = self._through(reach, before, shape.size[axis])
                clean = before if clean is None else clean & before
            found.append(clean)
        return found[target] or 0

    def _through(self, reach: Reach, clean: int, m: int) -> int:
        key = (reach, clean, m)
        if key not in self._known:
            self._known[key] = through(reach, clean, m)
        return self._known[key]


def through(reach: Reach, clean: int, m: int) -> int:
    """The units, of `m`, of which every read lies in the set `clean` of input units."""
    low = (clean & -clean).bit_length() - 1
    last = clean.bit_length() - 1
    if not clean or clean >> low != (1 << (last - low + 1)) - 1:
        return _one_by_one(reach, clean, m)
    found = 0
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
            found |= _every(reach.period, stop - first) << (first * reach.period + phase)
    return found


def _one_by_one(reach: Reach, clean: int, m: int) -> int:
    found = 0
    for i in range(m):
        if all(tap >= 0 and clean >> tap & 1 for tap in reach.at(i)):
            found |= 1 << i
    return found


def _every(period: int, count: int) -> int:
    """`count` bits, `period` apart."""
    if period == 1:
        return (1 << count) - 1
    mask, done = 1, 1
    while done < count:
        more = min(done, count - done)
        mask |= mask << (more * period)
        done += more
    return mask


def longest_run(bits: int) -> tuple[int, int] | None:
    """First and last unit of the longest run without a gap; None for the empty set."""
    return max(runs(bits), key=lambda run: run[1] - run[0], default=None)
