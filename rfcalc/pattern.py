"""Named axes: how a layer that reshapes, permutes, sums or multiplies tensors reads them, from one line of text.

    (g c) y x -> (c g) y x                                   a channel shuffle
    c (y i) (x j) -> (c i j) y x                             blocks of positions become channels
    (h d) y x, (h d) u v -> (h u v) y x                      the product of queries with all keys, per head

The first group of each tensor is its channels, the others are its spatial axes. A name in a group of several is a digit of
that axis, most significant first; `i:2` gives a size that cannot be told from the inputs. A name that the output lacks is
summed over, one that only the output has is repeated. The batch is not written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product
from math import prod

from rfcalc.errors import RuleError
from rfcalc.geometry import IDENTITY, Reach, window
from rfcalc.op import MIX, SAME, Grouped, Mix, Read, Route, Shape, Shapes
from rfcalc.record import record

Group = tuple[str, ...]
Axes = tuple[Group, ...]
Sizes = dict[str, int]

MOST_READS = 64
MOST_CHANNEL_PAIRS = 1 << 22
TOKEN = re.compile(r"\s*(?:([A-Za-z_]\w*)(?::(\d{1,9}))?|([()1,])|(->))")


@record
class Pattern:
    """The groups of each input and of the output, and the sizes that the text gives."""

    inputs: tuple[Axes, ...]
    out: Axes
    given: tuple[tuple[str, int], ...]

    def sizes(self, shapes: Shapes) -> Sizes:
        """The size of each name; raises RuleError where the shapes do not fit the pattern."""
        if len(shapes) > len(self.inputs):
            raise RuleError(f"the pattern has {len(self.inputs)} inputs, not {len(shapes)}")
        found = dict(self.given)
        waiting = [(group, n) for axes, shape in zip(self.inputs, shapes, strict=False) for group, n in _groups(axes, shape)]
        while waiting:
            left = [entry for entry in waiting if not _settle(*entry, found)]
            if len(left) == len(waiting):
                raise RuleError(f"the size of one of {', '.join(left[0][0])} must be given, as in {left[0][0][0]}:2")
            waiting = left
        missing = [name for group in self.out for name in group if name not in found]
        if missing:
            raise RuleError(f"the size of {missing[0]} must be given, as in {missing[0]}:2")
        return found

    def shape(self, sizes: Sizes) -> Shape:
        """The output's shape."""
        channels, *axes = (prod(sizes[name] for name in group) for group in self.out)
        return Shape(channels, tuple(axes))

    def reads(self, sizes: Sizes) -> tuple[Read, ...]:
        """How an output unit reads each input."""
        return tuple(read for i, axes in enumerate(self.inputs) for read in reads(i, axes, self.out, sizes))

    def follows(self, index: int) -> bool:
        """False if input `index` is read as a whole because its positions move to other axes."""
        return not _moved(self.inputs[index], self.out)


def _groups(axes: Axes, shape: Shape) -> Iterable[tuple[Group, int]]:
    if len(axes) != shape.rank + 1:
        raise RuleError(f"the pattern has {len(axes)} axes for an input of {shape}")
    return zip(axes, (shape.channels, *shape.size), strict=True)


def _settle(group: Group, n: int, found: Sizes) -> bool:
    """Finds the one unknown size of a group; False if there are several."""
    unknown = [name for name in group if name not in found]
    known = prod(found[name] for name in group if name in found)
    if len(unknown) > 1:
        return False
    if n % known or (not unknown and n != known):
        raise RuleError(f"{n} units do not split into ({' '.join(group)})")
    for name in unknown:
        found[name] = n // known
    return True


@lru_cache(maxsize=4096)
def parse(text: str) -> Pattern:
    """The pattern of a text; raises RuleError for one that makes no sense."""
    if len(text) > 1000:
        raise RuleError(f"a pattern of {len(text):,} characters; at most 1,000 are allowed")
    parts, given = _tokens(text)
    if len(parts) < 2:
        raise RuleError(f'"{text}" has no "->" between inputs and output')
    *inputs, out = parts
    for axes in parts:
        names = [name for group in axes for name in group]
        if len(set(names)) < len(names) or not axes:
            raise RuleError(f'"{text}": an input or output is empty, or has a name twice')
    return Pattern(tuple(inputs), out, tuple(given.items()))


def _tokens(text: str) -> tuple[list[Axes], Sizes]:
    parts: list[list[Group]] = [[]]
    given: Sizes = {}
    inner: list[str] | None = None
    at, arrow = 0, False
    text = text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise RuleError(f'"{text}" makes no sense at "{text[at : at + 10]}"')
        at = match.end()
        name, size, sign, to = match.groups()
        if size:
            given[name] = max(1, int(size))
        if name and inner is not None:
            inner.append(name)
        elif name or sign == "1":
            parts[-1].append((name,) if name else ())
        elif sign == "(" and inner is None:
            inner = []
        elif sign == ")" and inner is not None:
            parts[-1].append(tuple(inner))
            inner = None
        elif inner is None and not arrow and (sign == "," or to):
            parts.append([])
            arrow = bool(to)
        else:
            raise RuleError(f'"{text}" makes no sense before "{text[at : at + 10]}"')
    if inner is not None or not arrow:
        raise RuleError(f'"{text}" is not finished')
    return [tuple(part) for part in parts], given


def _moved(axes: Axes, out: Axes) -> bool:
    """True if a spatial digit lies on another spatial axis of the output, or the axes differ in number."""
    for k, group in enumerate(axes[1:], 1):
        for name in group:
            if any(name in other for j, other in enumerate(out[1:], 1) if j != k or len(out) != len(axes)):
                return True
    return False


def reads(source: int, axes: Axes, out: Axes, sizes: Sizes, most: int = MOST_READS) -> tuple[Read, ...]:
    """How an output unit reads one input: one Read for each value of the digits that change between channels and positions.

    Positions that become more than `most` channels are read as a union by all of them, which is exact for all channels
    together.
    """
    if _moved(axes, out):
        return (Read(source, (None,) * (len(axes) - 1), MIX),)
    spatial = [name for group in axes[1:] for name in group]
    spread = [name for name in spatial if name in out[0]]
    placed = [name for name in axes[0] if name not in out[0] and any(name in group for group in out[1:])]
    if prod(sizes[name] for name in placed) > MOST_READS:
        raise RuleError(f"more than {MOST_READS} groups of channels become positions")
    if prod(sizes[name] for name in spread + placed) > most:
        spread = []
    found = []
    for values in product(*(range(sizes[name]) for name in spread + placed)):
        fixed = dict(zip(spread + placed, values, strict=True))
        relations = tuple(_relation(k, axes, out, sizes, fixed) for k in range(1, len(axes)))
        found.append(Read(source, relations, _channels(axes[0], out[0], sizes, fixed)))
    if len(axes) == len(out) and len(found) == 1 and all(relation is IDENTITY for relation in found[0].axes):
        return (Read(source, (), found[0].channels),)
    return tuple(found)


def _strides(group: Group, sizes: Sizes) -> Sizes:
    found, stride = {}, 1
    for name in reversed(group):
        found[name] = stride
        stride *= sizes[name]
    return found


def _relation(k: int, axes: Axes, out: Axes, sizes: Sizes, fixed: Sizes) -> Reach | None:
    """The relation of spatial axis `k`; None where all of it is read."""
    group = axes[k]
    to = out[k] if len(out) == len(axes) else ()
    if not any(name in to or name in fixed for name in group):
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
        alive = all(i // place % size == value for place, size, value in where)
        at = sum(i // place % size * stride for place, size, stride in local)
        taps.append(tuple(at + offset for offset in offsets) if alive else ())
    period, advance = _period(taps, n)
    first = taps[:period]
    if period == 1 and first[0] and (even := _even(first[0])) is not None:
        return window(len(even), advance, even.step, -even.start)
    return Reach(period, advance, tuple(t if (even := _even(t)) is None else even for t in first))


def _counted(summed: Sequence[tuple[int, int]]) -> Iterable[tuple[int, ...]]:
    return product(*(range(size) for size, _ in summed))


def _even(taps: tuple[int, ...]) -> range | None:
    """Taps with one distance between them, as a range."""
    step = taps[1] - taps[0] if len(taps) > 1 else 1
    if not taps or any(b - a != step for a, b in zip(taps, taps[1:], strict=False)):
        return None
    return range(taps[0], taps[-1] + 1, step)


def _period(taps: list[tuple[int, ...]], n: int) -> tuple[int, int]:
    """The least number of units after which the relation repeats, moved; the whole axis if none is shorter."""
    m = len(taps)
    for period in range(1, m // 2 + 1):
        if m % period:
            continue
        advance = next((b[0] - a[0] for a, b in zip(taps, taps[period:], strict=False) if a and b), 0)
        if all(tuple(t + advance for t in a) == b for a, b in zip(taps, taps[period:], strict=False)):
            return period, advance
    return m, n


@record
class Lookup(Mix):
    """Channel relation in full: `sources[c]` is the set of input channels, as bits, that output channel c reads."""

    sources: tuple[int, ...]

    def push(self, mask: int) -> int:
        return sum(1 << c for c, source in enumerate(self.sources) if source & mask)

    def pull(self, mask: int) -> int:
        if mask == -1:
            mask = (1 << len(self.sources)) - 1
        found = 0
        while mask:
            low = mask & -mask
            found |= self.sources[low.bit_length() - 1]
            mask ^= low
        return found


def _channels(group: Group, out: Group, sizes: Sizes, fixed: Sizes) -> Mix:
    """The channel relation, for the given values of the digits that change between channels and positions."""
    summed = [name for name in group if name not in out and name not in fixed]
    if not fixed:
        shared = tuple(name for name in group if name in out)
        if group == out:
            return SAME
        if group[: len(shared)] == shared == out[: len(shared)] and (summed or len(out) > len(shared)):
            count = [prod(sizes[name] for name in names) for names in (shared, group[len(shared) :], out[len(shared) :])]
            return Grouped(*count) if shared else MIX
    return _listed(group, out, sizes, fixed, summed)


def _listed(group: Group, out: Group, sizes: Sizes, fixed: Sizes, summed: list[str]) -> Mix:
    """A channel relation, channel by channel."""
    strides, places = _strides(group, sizes), _strides(out, sizes)
    base = sum(strides[name] * value for name, value in fixed.items() if name in strides)
    free = [name for name in out if name not in fixed]
    offsets = [base + sum(d * strides[n] for d, n in zip(ds, summed, strict=True)) for ds in _digits(summed, sizes)]
    if len(offsets) * prod(sizes[name] for name in free) > MOST_CHANNEL_PAIRS:
        raise RuleError(f"more than {MOST_CHANNEL_PAIRS:,} pairs of channels")
    at = sum(places[name] * value for name, value in fixed.items() if name in places)
    pairs = []
    for digits in _digits(free, sizes):
        to = at + sum(d * places[name] for d, name in zip(digits, free, strict=True))
        pairs.append((to, sum(d * strides[name] for d, name in zip(digits, free, strict=True) if name in strides)))
    if len(offsets) == 1:
        return Route(_compact([to for to, _ in pairs]), _compact([source + offsets[0] for _, source in pairs]))
    masks = [0] * prod(sizes[name] for name in out)
    union = sum(1 << offset for offset in offsets)
    for to, source in pairs:
        masks[to] = union << source
    return Lookup(tuple(masks))


def _digits(names: Sequence[str], sizes: Sizes) -> Iterable[tuple[int, ...]]:
    return product(*(range(sizes[name]) for name in names))


def _compact(numbers: list[int]) -> range | tuple[int, ...]:
    found = _even(tuple(numbers))
    return tuple(numbers) if found is None or found.step < 1 or len(numbers) < 2 else found
