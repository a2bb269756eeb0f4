"""Backward engine: exactly which input positions one unit reads, at the given size, with every border rule.

From the unit, demands travel against the arrows of the graph. A demand on a layer is a union of products: a set of
channels and one set of positions per axis, each a bit set (an int).
"""

from __future__ import annotations

from collections.abc import Sequence
from re import finditer

from rfcalc.graph import Graph
from rfcalc.record import record
from rfcalc.relations.geometry import IDENTITY, PaddingMode, Reach
from rfcalc.relations.read import Read

Product = tuple[int, tuple[int, ...]]

# What is read where all that is wanted is wanted of one node: by the node and its products.
Known = dict[tuple[int, tuple[Product, ...]], "Seen"]

MOST_KNOWN = 1 << 16  # entries
MOST_BITS = 1 << 13  # of one of them
EACH = 8  # every how many nodes one is made
MANY = 64  # phases from which on a relation is worth splitting into runs


@record
class Seen:
    """The positions read: a union of products of one bit set per axis; empty if only padding is read."""

    products: tuple[tuple[int, ...], ...]

    def box(self) -> list[tuple[int, int]] | None:
        """First and last index per axis, inclusive."""
        if not self.products:
            return None
        axes = range(len(self.products[0]))
        return [(min(_low(p[k]) for p in self.products), max(p[k].bit_length() - 1 for p in self.products)) for k in axes]

    def pixels(self) -> int:
        """How many positions are read."""
        return area(self.products)


def trace(
    graph: Graph, target: int, unit: Sequence[int], source: int, channel: int | None = None, known: Known | None = None
) -> Seen:
    """What unit `unit` of node `target` (one channel of it, or all) reads of the input node `source`. `known`: what earlier
    traces to it found, which grows by this one; many layers of a chain come by the same units."""
    met: list[tuple[int, tuple[Product, ...]]] = []
    shape = graph.nodes[target].shape
    channels = (1 << shape.channels) - 1 if channel is None else 1 << channel
    demands: dict[int, list[Product]] = {target: [(channels, tuple(1 << i for i in unit))]}
    for index in range(target, -1, -1):
        wanted = demands.pop(index, None) if index != source else None
        if not wanted:
            continue
        node, wanted = graph.nodes[index], merged(wanted)
        if known is not None and not index % EACH and not demands and _bits(wanted) <= MOST_BITS:
            met.append((index, tuple(wanted)))
            if met[-1] in known:
                return _learned(known, met, known[met[-1]])
        for read in node.reads:
            shape = node.shapes[read.source]
            pulled = [p for product in wanted if (p := _pull(read, product, shape.channels, shape.size)) is not None]
            if pulled:
                demands.setdefault(node.inputs[read.source], []).extend(pulled)
    seen = Seen(tuple(axes for _, axes in merged([(1, axes) for _, axes in demands.get(source, [])])))
    return seen if known is None else _learned(known, met, seen)


def _bits(products: Sequence[Product]) -> int:
    return sum(mask.bit_length() + sum(map(int.bit_length, axes)) for mask, axes in products)


def _learned(known: Known, met: Sequence[tuple[int, tuple[Product, ...]]], seen: Seen) -> Seen:
    """Remembers what is read from each of the places that a trace came by."""
    if len(known) + len(met) > MOST_KNOWN:
        known.clear()
    known.update(dict.fromkeys(met, seen))
    return seen


def _pull(read: Read, product: Product, channels: int, size: tuple[int, ...]) -> Product | None:
    wanted, axes = product
    if read.phases:
        axes = tuple(_every(bits, *phase) for bits, phase in zip(axes, read.phases, strict=True))
    if 0 in axes:
        return None
    mask = read.channels.pull(wanted) & ((1 << channels) - 1)
    if not mask:
        return None
    if not read.axes:
        return mask, axes
    pulled = []
    sets = axes if len(axes) == len(read.axes) else (1,) * len(read.axes)
    for bits, reach, n in zip(sets, read.axes, size, strict=True):
        pulled.append((1 << n) - 1 if reach is None else pull_axis(reach, bits, n))
        if not pulled[-1]:
            return None
    return mask, tuple(pulled)


def pull_axis(reach: Reach, bits: int, n: int) -> int:
    """The units of an input of `n` units that the output units in `bits` read."""
    if reach is IDENTITY:
        return bits & ((1 << n) - 1)
    low, last = _low(bits), bits.bit_length() - 1
    if reach.period == 1 and isinstance(taps := reach.taps[0], range) and reach.fold is PaddingMode.ZERO:
        run = bits >> low == (1 << (last - low + 1)) - 1
        if run and taps.step == 1 and len(taps) >= reach.advance:
            first, end = low * reach.advance + taps.start, last * reach.advance + taps.stop
            first, end = max(0, first), min(n, end)
            return ((1 << end) - 1) & ~((1 << first) - 1) if end > first else 0
        spread = bits if reach.advance == 1 else comb(reach.advance, last - low + 1) << low * reach.advance if run else None
        if spread is not None:
            pulled = 0
            for tap in taps:
                pulled |= spread << tap if tap >= 0 else spread >> -tap
            return pulled & ((1 << n) - 1)
    pulled = 0
    if last < reach.period > MANY and reach.fold is PaddingMode.ZERO and reach.runs is not None:
        for unit, tap, count in reach.runs:
            pulled |= (bits >> unit & ((1 << count) - 1)) << tap
        return pulled & ((1 << n) - 1)
    while bits:
        unit = (bits & -bits).bit_length() - 1
        bits &= bits - 1
        for tap in reach.at(unit):
            j = reach.fold.index(tap, n)
            if j is not None:
                pulled |= 1 << j
    return pulled


def _every(bits: int, period: int, phase: int) -> int:
    """The units of `bits` that lie at `phase`, phase + period, ..."""
    return bits & comb(period, max(0, -(-(bits.bit_length() - phase) // period))) << phase


def comb(period: int, count: int) -> int:
    """`count` bits, `period` apart."""
    if period == 1:
        return (1 << count) - 1
    mask, done = min(count, 1), 1
    while done < count:
        more = min(done, count - done)
        mask |= mask << (more * period)
        done += more
    return mask


def merged(products: list[Product]) -> list[Product]:
    """The same union in few products: those that differ in one place are one, those that another one covers are dropped."""
    if len(products) < 2:
        return products
    channels: dict[tuple[int, ...], int] = {}
    for mask, axes in products:
        channels[axes] = channels.get(axes, 0) | mask
    for k in range(len(products[0][1])):
        if len(channels) == 1:
            break
        bits: dict[tuple[int, tuple[int, ...], tuple[int, ...]], int] = {}
        for axes, mask in channels.items():
            rest = (mask, axes[:k], axes[k + 1 :])
            bits[rest] = bits.get(rest, 0) | axes[k]
        channels = {}
        for (mask, before, after), axis in bits.items():
            axes = (*before, axis, *after)
            channels[axes] = channels.get(axes, 0) | mask
    kept: list[Product] = []
    for axes, mask in channels.items():
        _insert(kept, (mask, axes))
    return kept


def _insert(place: list[Product], product: Product) -> None:
    """Adds a product to a union, unless one there covers it; drops those that it covers."""
    channels, axes = product
    for other, theirs in place:
        if not channels & ~other and all(not a & ~b for a, b in zip(axes, theirs, strict=True)):
            return
    place[:] = [
        (other, theirs)
        for other, theirs in place
        if other & ~channels or any(b & ~a for a, b in zip(axes, theirs, strict=True))
    ]
    place.append(product)


def _low(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def area(products: Sequence[tuple[int, ...]]) -> int:
    """How many positions a union of products of bit sets holds."""
    if not products:
        return 0
    if len(products) == 1:
        count = 1
        for bits in products[0]:
            count *= bits.bit_count()
        return count
    if len(products[0]) == 1:
        every = 0
        for (bits,) in products:
            every |= bits
        return every.bit_count()
    rest, total = 0, 0
    for product in products:
        rest |= product[0]
    while rest:  # rows that lie in the same products are counted together
        row = rest & -rest
        same, inside = rest, []
        for product in products:
            if product[0] & row:
                same &= product[0]
                inside.append(product[1:])
            else:
                same &= ~product[0]
        total += same.bit_count() * area(inside)
        rest &= ~same
    return total


def runs(bits: int) -> list[tuple[int, int]]:
    """A bit set as its runs of neighbouring units: first and last of each."""
    return [(run.start(), run.end() - 1) for run in finditer("1+", f"{bits:b}"[::-1])]
