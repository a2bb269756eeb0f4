"""The extremes of a support over all units of a layer: largest and smallest box, least coverage."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import islice, product
from math import lcm, prod

from rfcalc.fields.field import Field, Span, area, count_of
from rfcalc.fields.terms import SupportTerm, by_axis
from rfcalc.record import record

MOST_UNITS = 4096

# One unit of one axis: the span of each term (None: reads nothing), moved so that the first begins at 0.
Spans = tuple[Span | None, ...]


@record
class Extremes:
    """Largest and smallest box per axis, and the least share of a box that is read, which is computed when it is asked for:
    `units` are the different units of each axis; none where the share is `known`."""

    largest: tuple[int, ...]
    smallest: tuple[int, ...]
    known: float | None
    units: tuple[tuple[Spans, ...], ...] = ()

    @property
    def coverage(self) -> float:
        """The least share of a box that is read."""
        return self._least[0]

    @property
    def partial(self) -> bool:
        """Whether there were too many different units, so that the coverage is an upper bound."""
        return self._least[1]

    @cached_property
    def _least(self) -> tuple[float, bool]:
        if self.known is not None:
            return self.known, False
        if any(all(_fills(units, k) for units in self.units) for k in range(len(self.units[0][0]))):
            return 1.0, False
        units = product(*self.units)
        shares = (share for unit in islice(units, MOST_UNITS) if (share := _coverage(unit)) is not None)
        return min(shares, default=1.0), next(units, None) is not None


def measure(terms: Sequence[SupportTerm], size: Sequence[int]) -> Extremes | None:
    """The extremes over the units of a layer of the given size; None if no unit reads anything."""
    if len(terms) == 1:
        return _single(terms[0], size)
    axes = [_units([term.axes[k] for term in terms], n) for k, n in enumerate(size)]
    lengths = [_lengths(axes, k) for k in range(len(axes))]
    if not all(lengths):
        return None
    return Extremes(tuple(map(max, lengths)), tuple(map(min, lengths)), None, tuple(map(tuple, axes)))


def _single(term: SupportTerm, size: Sequence[int]) -> Extremes | None:
    """One term: the axes are independent, and so are their extremes."""
    found = [each for each in by_axis(_axis, term.axes, size) if each is not None]
    if len(found) < len(size):
        return None
    largest, smallest, shares = zip(*found, strict=True) if found else ((), (), ())
    return Extremes(largest, smallest, prod(shares, start=1.0))


def _axis(field: Field, n: int) -> tuple[int, int, float] | None:
    """Of one axis the largest and smallest length, and the least share that is read; None if no unit reads anything."""
    count = n if field.units is not None else min(n, field.period)
    spans = [span for i in range(count) if (span := field.at(i)) is not None]
    if not spans:
        return None
    lengths = [span[1] - span[0] + 1 for span in spans]
    return max(lengths), min(lengths), min([count_of(span) / length for span, length in zip(spans, lengths, strict=True)])


def _units(fields: Sequence[Field], n: int) -> list[Spans]:
    """The different units of one axis: one per phase, or any of the `n` where the rates of the terms differ, or each counts."""
    if len({field.rate for field in fields}) == 1 and all(field.units is None for field in fields):
        n = min(n, lcm(*(field.period for field in fields)))
    return list(dict.fromkeys(_moved([field.at(i) for field in fields]) for i in range(n)))


def _moved(spans: Sequence[Span | None]) -> Spans:
    by = min((span[0] for span in spans if span is not None), default=0)
    return tuple(span and (span[0] - by, span[1] - by, span[2]) for span in spans)


def _alive(spans: Spans) -> int:
    """The terms that read something here, as a bit set."""
    return sum(1 << k for k, span in enumerate(spans) if span is not None)


def _fills(units: Sequence[Spans], k: int) -> bool:
    """True if term `k` reads the whole of every unit's box along one axis."""
    for spans in units:
        span = spans[k]
        if span is None or span[2] is not None or any(s and (s[0] < span[0] or s[1] > span[1]) for s in spans):
            return False
    return True


def _lengths(axes: Sequence[Sequence[Spans]], axis: int) -> set[int]:
    """The lengths of boxes along one axis. Along the others, only which terms are certified there matters."""
    others = product(*({_alive(unit) for unit in units} for k, units in enumerate(axes) if k != axis))
    lengths = set()
    masks = {_both(masks) for masks in others}
    for unit in axes[axis]:
        for mask in masks:
            spans = [span for k, span in enumerate(unit) if span is not None and mask >> k & 1]
            if spans:
                lengths.add(max(span[1] for span in spans) - min(span[0] for span in spans) + 1)
    return lengths


def _both(masks: Sequence[int]) -> int:
    both = -1
    for mask in masks:
        both &= mask
    return both


def _coverage(unit: Sequence[Spans]) -> float | None:
    """The share of a unit's box that is read; None if it reads nothing."""
    boxes = [box for spans in zip(*unit, strict=True) if len(box := tuple(s for s in spans if s is not None)) == len(unit)]
    if not boxes:
        return None
    size = [max(b[1] for b in spans) - min(b[0] for b in spans) + 1 for spans in zip(*boxes, strict=True)]
    full: int = prod(size)
    return area(boxes) / full
