"""The support of every unit of a layer on one axis of the image, free of the image's size.

A Span is the set of image indices that one unit reads: (first, last, bits), where bits is None if it has no holes, else
an int whose bit k says that index first + k is read. A Field gives the Span of unit i as the one of phase i % period,
moved by (i // period) * advance. Composing a Field with a layer's Reach gives the next layer's Field. Where that has more
phases than units, and too many to list, the units of the layer are listed and others made when they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm

from rfcalc.errors import RuleError
from rfcalc.fields.beyond import settle
from rfcalc.record import record
from rfcalc.relations.geometry import IDENTITY, Reach, only

Span = tuple[int, int, int | None]

MAX_PHASES = 4096
MOST_LIGHT = 512
MOST_INDICES = 1 << 24  # that a span with holes may stretch over: more than an image has, and two MB of bits


@record(eq=False)
class Field:
    """The unclipped support on one axis; a phase that reads nothing has the span None.

    `spans` has an entry for each phase, or, if there are too many, for each unit of the layer; then `origins` says what the
    others are made of: a unit's support is the union of what it reads of these fields, by these relations.
    `units`: how many there are, each with an entry, where a relation on the way holds for one size of the input only: beyond
    them there is none at any size, and who would read one reads nothing there.
    """

    period: int
    advance: int
    spans: tuple[Span | None, ...]
    origins: tuple[tuple[Field, Reach], ...] = ()
    units: int | None = None

    @cached_property
    def rate(self) -> Fraction:
        """Image units from one unit to the next, on average over a period."""
        return Fraction(self.advance, self.period)

    @cached_property
    def place(self) -> tuple[Fraction, Fraction] | None:
        """The rate, and the middle of a unit's span less unit * rate, averaged over the phases that read something; None if
        none does, or if not all are listed."""
        middles = [Fraction(s[0] + s[1], 2) - i * self.rate for i, s in enumerate(self.spans) if s is not None]
        return (self.rate, sum(middles, Fraction(0)) / len(middles)) if middles and not self.origins else None

    @cached_property
    def light(self) -> bool:
        """Whether it is small enough to be kept beyond the analysis that it is part of."""
        spans = self.spans
        return (
            not self.origins
            and len(spans) <= MOST_LIGHT
            and all(s is None or not s[2] or s[2] >> MOST_LIGHT == 0 for s in spans)
        )

    def at(self, i: int) -> Span | None:
        """The support of unit `i`; units outside the layer are those that padding would hold."""
        if self.units is not None:
            return self.spans[i] if 0 <= i < self.units else None
        turn, phase = divmod(i, self.period)
        try:
            span = self.spans[phase]
        except IndexError:
            settle(self, i)
            return self._others[i]
        if span is None or not turn:
            return span
        by = turn * self.advance
        return (span[0] + by, span[1] + by, span[2])

    @cached_property
    def _others(self) -> dict[int, Span | None]:
        return {}

    def knows(self, unit: int) -> bool:
        """True if a unit's support is listed or remembered."""
        return self.units is not None or unit % self.period < len(self.spans) or unit in self._others

    def parts(self, unit: int) -> list[tuple[Field, int]]:
        """The units of which a unit's support is the union."""
        return [(field, j) for field, reach in self.origins for j in reach.at(unit)]

    def learn(self, unit: int) -> None:
        """Remembers a unit's support; all its parts must be known."""
        self._others[unit] = union(field.at(j) for field, j in self.parts(unit))

    @cached_property
    def total(self) -> bool:
        """True if no unit is empty."""
        if self.origins:
            return any(field.total and reach.total for field, reach in self.origins)
        return None not in self.spans

    @cached_property
    def solid(self) -> bool:
        """True if it is certain that no unit's support has holes."""
        return not self.origins and all(span is None or span[2] is None for span in self.spans)

    @cached_property
    def monotone(self) -> bool:
        """True if no unit is empty, and first and last index never decrease from one unit to the next."""
        if self.origins:
            return all(field.monotone and reach.monotone for field, reach in self.origins)
        ends = [self.at(i) for i in range(self.period + 1 if self.units is None else self.units)]
        if None in ends:
            return False
        return all(a[0] <= b[0] and a[1] <= b[1] for a, b in zip(ends, ends[1:], strict=False))  # type: ignore[index]


START = Field(1, 1, ((0, 0, None),))


def bits_of(span: Span) -> int:
    """The span's bit set, relative to its first index."""
    return span[2] if span[2] is not None else (1 << (span[1] - span[0] + 1)) - 1


def count_of(span: Span) -> int:
    """How many indices the span holds."""
    return span[1] - span[0] + 1 if span[2] is None else span[2].bit_count()


def union(spans: Iterable[Span | None]) -> Span | None:
    """The union of spans; None if all are empty. Raises RuleError if it has holes and is too long to be held."""
    ordered = sorted((span for span in spans if span is not None), key=lambda span: span[0])
    if not ordered:
        return None
    lo, hi, bits = ordered[0]
    holes = bits is not None
    for first, last, more in ordered[1:]:
        holes = holes or more is not None or first > hi + 1
        hi = max(hi, last)
    if not holes:
        return (lo, hi, None)
    _limited(lo, hi)
    mask = 0
    for span in ordered:
        mask |= bits_of(span) << (span[0] - lo)
    return (lo, hi, None if mask.bit_count() == hi - lo + 1 else mask)


def _limited(lo: int, hi: int) -> None:
    if hi - lo >= MOST_INDICES:
        raise RuleError(f"a receptive field of {hi - lo + 1:,} pixels with holes is beyond the limit of {MOST_INDICES:,}")


def repeated(span: Span, step: int, count: int) -> Span:
    """The union of `count` copies of a span, each moved by `step` more than the one before; raises RuleError as `union`."""
    lo, hi, bits = span
    last = hi + step * (count - 1)
    if bits is None and (count == 1 or step <= hi - lo + 1):
        return (lo, last, None)
    if count == 1:
        return span
    _limited(lo, last)
    mask, done = bits_of(span), 1
    while done < count:
        more = min(done, count - done)
        mask |= mask << (step * more)
        done += more
    return (lo, last, None if mask.bit_count() == last - lo + 1 else mask)


def covers(big: Span | None, small: Span | None) -> bool:
    """True if every index of `small` is in `big`."""
    if small is None:
        return True
    if big is None or big[0] > small[0] or big[1] < small[1]:
        return False
    if big[2] is None:
        return True
    return (bits_of(small) << (small[0] - big[0])) & ~big[2] == 0


def compose(field: Field, reach: Reach, units: int) -> Field:
    """The field of a layer of `units` units that reads, by `reach`, a layer with the given field."""
    if reach.identity:
        return field
    turns = field.period // gcd(reach.advance, field.period) if reach.advance else 1
    period = reach.period * turns
    limit = units if reach.sized or field.units is not None else None
    listed = units if limit or period > max(MAX_PHASES, units) else period
    advance = field.advance * reach.advance * turns // field.period
    if field.period == 1 and field.spans[0] is not None and field.units is None:
        spans = [_single(field, field.spans[0], reach, i) for i in range(listed)]
    else:
        spans = [union(field.at(j) for j in reach.at(i)) for i in range(listed)]
    return Field(period, advance, tuple(spans), ((field, reach),) if listed < period and not limit else (), limit)


def _single(field: Field, span: Span, reach: Reach, i: int) -> Span | None:
    """One unit's support where all input units have the same span, moved."""
    taps = reach.at(i)
    if not taps:
        return None
    by = taps[0] * field.advance
    moved = (span[0] + by, span[1] + by, span[2])
    if isinstance(taps, range):
        return repeated(moved, taps.step * field.advance, len(taps))
    if len(taps) == 1:
        return moved
    return union((span[0] + t * field.advance, span[1] + t * field.advance, span[2]) for t in taps)


def mask_phases(field: Field, period: int, phase: int, units: int) -> Field:
    """The field in which only units i with i % period == phase read anything."""
    return compose(field, only(period, phase), units)


def united(fields: Sequence[Field]) -> Field:
    """The union of fields of one rate, unit by unit."""
    period = lcm(*(field.period for field in fields))
    limit = min((field.units for field in fields if field.units is not None), default=None)
    listed = period if period <= MAX_PHASES else min(period, max(len(field.spans) for field in fields))
    listed = listed if limit is None else limit
    advance = fields[0].advance * period // fields[0].period
    spans = tuple(union(field.at(i) for field in fields) for i in range(listed))
    return Field(
        period, advance, spans, tuple((field, IDENTITY) for field in fields) if listed < period and not limit else (), limit
    )


def enclosed(fields: Sequence[Field]) -> Field:
    """A simple field around fields of one rate: every unit sees as far from its place as the one that sees furthest."""
    rate, limits = fields[0].rate, [field.units for field in fields if field.units is not None]
    step, per = rate.numerator, rate.denominator
    offsets = [(s[0] - i * step // per, s[1] - i * step // per) for f in fields for i, s in enumerate(f.spans) if s is not None]
    if not offsets or per > MAX_PHASES:
        return united(fields)
    first, last = min(offset[0] for offset in offsets), max(offset[1] for offset in offsets)
    units = range(max(limits) if limits else per)
    spans = tuple((i * step // per + first, i * step // per + last, None) for i in units)
    return Field(per, step, spans, (), len(units) if limits else None)


def field_covers(big: Field, small: Field) -> bool:
    """True if, unit by unit, `small` is within `big`; False also where their rates differ, or there are too many phases to
    tell."""
    if big is small:
        return True
    limit = min((field.units for field in (big, small) if field.units is not None), default=None)
    if big.period == small.period == 1 and limit is None:
        return big.advance == small.advance and covers(big.spans[0], small.spans[0])
    if big.advance * small.period != small.advance * big.period:
        return False
    period = lcm(big.period, small.period) if limit is None else limit
    if period > MAX_PHASES:
        return _grown(big, small)
    return all(covers(big.at(i), small.at(i)) for i in range(period))


def _grown(big: Field, small: Field) -> bool:
    """True if `big` was made of `small` by relations in which every unit reads itself."""
    while big is not small:
        if len(big.origins) != 1 or not big.origins[0][1].reflexive:
            return False
        big = big.origins[0][0]
    return True


def area(boxes: Sequence[tuple[Span, ...]]) -> int:
    """How many positions a union of products of spans holds, exactly."""
    if not boxes:
        return 0
    if len(boxes) == 1:
        product = 1
        for span in boxes[0]:
            product *= count_of(span)
        return product
    if len(boxes[0]) == 1:
        whole = union(box[0] for box in boxes)
        return count_of(whole) if whole else 0
    lo = min(box[0][0] for box in boxes)
    masks = [bits_of(box[0]) << (box[0][0] - lo) for box in boxes]
    total, left = 0, union(box[0] for box in boxes)
    rest = bits_of(left) if left else 0
    while rest:  # rows that lie in the same boxes are counted together
        row = rest & -rest
        inside = [k for k, mask in enumerate(masks) if mask & row]
        same = rest
        for k, mask in enumerate(masks):
            same &= mask if k in inside else ~mask
        total += same.bit_count() * area([boxes[k][1:] for k in inside])
        rest &= ~same
    return total
