"""How a unit reads a tensor whose axes are split, merged, moved, summed or repeated: relations from named digits.

An axis is a group of names, most significant digit first. What the output lacks is summed over, what only it has is repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product
from math import prod

from rfcalc.errors import RuleError
from rfcalc.record import record, replace
from rfcalc.relations.channels import MIX, SAME, Grouped, Mix, Route
from rfcalc.relations.geometry import IDENTITY, Reach
from rfcalc.relations.read import Read
from rfcalc.relations.sampling import evenly, tabled

Group = tuple[str, ...]
Axes = tuple[Group, ...]
Sizes = dict[str, int]

MOST_READS = 64
MOST_CHANNEL_PAIRS = 1 << 22


def moved(axes: Axes, out: Axes) -> bool:
    """True if a spatial digit lies on another spatial axis of the output, or the axes differ in number."""
    for k, group in enumerate(axes[1:], 1):
        for name in group:
            if any(name in other for j, other in enumerate(out[1:], 1) if j != k or len(out) != len(axes)):
                return True
    return False


def reads(source: int, axes: Axes, out: Axes, sizes: Sizes, most: int = MOST_READS) -> tuple[Read, ...]:
    """How an output unit reads one input: one Read for each value of the digits that change between channels and positions.

    Positions that become more than `most` channels, or lie on an axis that is no more, are read as a union by all of them,
    together.
    """
    if moved(axes, out):
        return (Read(source, (None,) * (len(axes) - 1), MIX),)
    spatial = [name for group in axes[1:] for name in group]
    spread = [name for name in spatial if name in out[0]]
    placed = [name for name in axes[0] if name not in out[0] and any(name in group for group in out[1:])]
    if prod(sizes[name] for name in placed) > MOST_READS:
        raise RuleError(f"more than {MOST_READS} groups of channels become positions")
    many = len(axes) != len(out) or prod(sizes[name] for name in spread + placed) > most
    together = many and prod(sizes[name] for name in spread) > 1
    if together:
        spread = []
    reads = []
    for values in product(*(range(sizes[name]) for name in spread + placed)):
        fixed = dict(zip(spread + placed, values, strict=True))
        relations = tuple(_relation(k, axes, out, sizes, fixed) for k in range(1, len(axes)))
        reads.append(Read(source, relations, _channels(axes[0], out[0], sizes, fixed), together=together))
    if len(axes) == len(out) and len(reads) == 1 and all(relation is IDENTITY for relation in reads[0].axes):
        return (replace(reads[0], axes=()),)
    return tuple(reads)


def _strides(group: Group, sizes: Sizes) -> Sizes:
    strides, stride = {}, 1
    for name in reversed(group):
        strides[name] = stride
        stride *= sizes[name]
    return strides


def _relation(k: int, axes: Axes, out: Axes, sizes: Sizes, fixed: Sizes) -> Reach | None:
    """The relation of spatial axis `k`; None where all of it is read."""
    group = axes[k]
    to = out[k] if len(out) == len(axes) else ()
    if not any(name in to or name in fixed for name in group) and not any(name in fixed for name in to):
        return IDENTITY if not group and not to and len(out) == len(axes) else None
    strides, places = _strides(group, sizes), _strides(to, sizes)
    local = tuple((places[name], sizes[name], strides[name]) for name in group if name in to)
    summed = tuple((sizes[name], strides[name]) for name in group if name not in to and name not in fixed)
    where = tuple((places[name], sizes[name], fixed[name]) for name in to if name in fixed)
    base = sum(strides[name] * fixed[name] for name in group if name in fixed)
    return _table(prod(sizes[name] for name in group), prod(sizes[name] for name in to), base, local, summed, where)


@lru_cache(maxsize=4096)
def _table(
    n: int,
    m: int,
    base: int,
    local: tuple[tuple[int, int, int], ...],
    summed: tuple[tuple[int, int], ...],
    where: tuple[tuple[int, int, int], ...],
) -> Reach:
    """The relation of `m` units to `n`: digits (place, size, stride) that both have, (size, stride) summed over, and
    (place, size, value) that an output unit must have to read anything."""
    offsets = sorted(base + sum(d * s for d, (_, s) in zip(digits, summed, strict=True)) for digits in _counted(summed))
    taps: list[tuple[int, ...]] = []
    for i in range(m):
        inside = all(i // place % size == value for place, size, value in where)
        at = sum(i // place % size * stride for place, size, stride in local)
        taps.append(tuple(at + offset for offset in offsets) if inside else ())
    return tabled(tuple(taps), n)


def _counted(summed: Sequence[tuple[int, int]]) -> Iterable[tuple[int, ...]]:
    return product(*(range(size) for size, _ in summed))


@record
class Lookup(Mix):
    """Channel relation in full: `sources[c]` is the set of input channels, as bits, that output channel c reads."""

    sources: tuple[int, ...]

    def push(self, mask: int) -> int:
        return sum(1 << c for c, source in enumerate(self.sources) if source & mask)

    def pull(self, mask: int) -> int:
        if mask == -1:
            mask = (1 << len(self.sources)) - 1
        pulled = 0
        while mask:
            low = mask & -mask
            pulled |= self.sources[low.bit_length() - 1]
            mask ^= low
        return pulled


def _channels(group: Group, out: Group, sizes: Sizes, fixed: Sizes) -> Mix:
    """The channel relation, for the given values of the digits that change between channels and positions."""
    summed = [name for name in group if name not in out and name not in fixed]
    if not fixed:
        shared = tuple(name for name in group if name in out)
        if group == out:
            return SAME
        if (between := _between(group, out, summed, sizes)) is not None:
            return between
        if group[: len(shared)] == shared == out[: len(shared)] and (summed or len(out) > len(shared)):
            count = [prod(sizes[name] for name in names) for names in (shared, group[len(shared) :], out[len(shared) :])]
            return Grouped(*count) if shared else MIX
    return _listed(group, out, sizes, fixed, summed)


@record
class Between(Mix):
    """Channel relation of (outer, summed, inner) channels to (outer, fresh, inner) ones: a sum over the digits between."""

    outer: int
    wide: int
    fresh: int
    inner: int

    def push(self, mask: int) -> int:
        return self._spread(mask, self.wide, self.fresh)

    def pull(self, mask: int) -> int:
        return self._spread(mask, self.fresh, self.wide)

    def _spread(self, mask: int, old: int, new: int) -> int:
        if mask == -1:
            return mask
        spread, full = 0, (1 << self.inner) - 1
        for block in range(self.outer):
            part = mask >> (block * old * self.inner)
            digits = 0
            for i in range(old):
                digits |= part >> (i * self.inner) & full
            for i in range(new):
                spread |= digits << ((block * new + i) * self.inner)
        return spread


def _between(group: Group, out: Group, summed: list[str], sizes: Sizes) -> Mix | None:
    """The relation, if the names that only one side has lie next to each other in it, before names that both have."""
    fresh = [name for name in out if name not in group]
    shared = [name for name in group if name in out]
    tails = [
        list(names[max((names.index(n) for n in own), default=-1) + 1 :]) for names, own in ((group, summed), (out, fresh))
    ]
    if not summed or not fresh or tails[0] != tails[1] or not tails[0]:
        return None
    heads = shared[: len(shared) - len(tails[0])]
    if list(group) != heads + summed + tails[0] or list(out) != heads + fresh + tails[0]:
        return None
    return Between(*(prod(sizes[n] for n in names) for names in (heads, summed, fresh, tails[0])))


def _listed(group: Group, out: Group, sizes: Sizes, fixed: Sizes, summed: list[str]) -> Mix:
    """A channel relation, channel by channel."""
    strides, places = _strides(group, sizes), _strides(out, sizes)
    base = sum(strides[name] * value for name, value in fixed.items() if name in strides)
    free = [name for name in out if name not in fixed]
    offsets = [base + offset for offset in _sums(summed, sizes, strides)]
    if len(offsets) * prod(sizes[name] for name in free) > MOST_CHANNEL_PAIRS:
        raise RuleError(f"more than {MOST_CHANNEL_PAIRS:,} pairs of channels")
    at = sum(places[name] * value for name, value in fixed.items() if name in places)
    targets, sources = [at + to for to in _sums(free, sizes, places)], _sums(free, sizes, strides)
    if len(offsets) == 1:
        return Route(_compact(targets), _compact([source + offsets[0] for source in sources]))
    masks = [0] * prod(sizes[name] for name in out)
    union = sum(1 << offset for offset in offsets)
    for to, source in zip(targets, sources, strict=True):
        masks[to] = union << source
    return Lookup(tuple(masks))


def _sums(names: Sequence[str], sizes: Sizes, strides: Sizes) -> list[int]:
    """Where each setting of some digits lies by their strides, in order; a digit without one moves nothing."""
    found = [0]
    for name in names:
        stride = strides.get(name, 0)
        found = [at + stride * digit for at in found for digit in range(sizes[name])]
    return found


def _compact(numbers: list[int]) -> range | tuple[int, ...]:
    run = evenly(tuple(numbers))
    return tuple(numbers) if run is None or run.step < 1 or len(numbers) < 2 else run
