"""Unions of products of supports, kept few: what is covered is dropped, what fits together is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from math import lcm
from operator import or_
from typing import TypeVar

from rfcalc.fields.certificate import Range, within
from rfcalc.fields.field import MAX_PHASES, Field, enclosed, field_covers, united
from rfcalc.record import record, replace

T = TypeVar("T")


@record(eq=False)
class SupportTerm:
    """A product of supports: output channels (a bit set, -1 for all), one Field and one range of certified units per axis;
    `exact`: those of them that are certified for each position, not only for their box."""

    channels: int
    axes: tuple[Field, ...]
    certified: tuple[Range | None, ...]
    exact: tuple[Range | None, ...]


def by_axis(make: Callable[..., T], *columns: Sequence[object]) -> list[T]:
    """What is made of each axis, whose values the columns hold; once where axes are alike, as those of most networks are."""
    axes = list(zip(*columns, strict=True))
    found = [make(*axis) for axis in axes[:1]]
    return found + [found[0] if axis == axes[0] else make(*axis) for axis in axes[1:]]


def antichain(terms: Sequence[SupportTerm]) -> list[SupportTerm]:
    """The terms without those that another one covers; a covered term without a certificate takes the other's away."""
    if len(terms) == 1:
        return list(terms)
    kept: list[SupportTerm] = []
    for term in terms:
        for k, other in enumerate(kept):
            if term_covers(other, term):
                kept[k] = weakened(other, term)
                break
        else:
            lost = [other for other in kept if term_covers(term, other)]
            for other in lost:
                term = weakened(term, other)
            kept = [other for other in kept if not any(other is gone for gone in lost)]
            kept.append(term)
    return kept


def term_covers(big: SupportTerm, small: SupportTerm) -> bool:
    if small.channels & ~big.channels:
        return False
    return all(field_covers(a, b) for a, b in zip(big.axes, small.axes, strict=True))


def weakened(big: SupportTerm, small: SupportTerm) -> SupportTerm:
    """`big` with the certificates that still hold once `small` is counted within it."""
    if big.certified == small.certified and big.exact == small.exact:
        return big
    certified = tuple(
        a if a is not None and b is not None and a[0] <= b[0] and a[1] >= b[1] else None
        for a, b in zip(big.certified, small.certified, strict=True)
    )
    exact = _together([big, small])
    same = certified == big.certified and exact == big.exact
    return big if same else replace(big, certified=certified, exact=exact)


def _together(terms: Sequence[SupportTerm]) -> tuple[Range | None, ...]:
    """The units for which every position is certified in all of the terms."""
    return tuple(reduce(within, ranges) for ranges in zip(*(term.exact for term in terms), strict=True))


def compact(terms: list[SupportTerm]) -> list[SupportTerm]:
    """The same union in fewer terms: those that differ in their channels only, or on one axis only, are one."""
    if len(terms) < 2:
        return terms
    unions: dict[tuple[Field, ...], Field] = {}
    kept = list(terms)
    for axis in range(-1, len(terms[0].axes)):
        groups: dict[object, list[SupportTerm]] = {}
        for term in kept:
            groups.setdefault(_all_but(term, axis), []).append(term)
        kept = []
        for group in groups.values():
            kept += [_one(group, axis, unions)] if len(group) > 1 and _few_phases(group, axis) else group
    return kept


def _all_but(term: SupportTerm, axis: int) -> object:
    """What terms must have in common to differ on one axis only; -1 stands for the channels."""
    if axis < 0:
        return (*term.axes, term.certified)
    others = tuple(f for k, f in enumerate(term.axes) if k != axis), tuple(a for k, a in enumerate(term.certified) if k != axis)
    return (term.channels, *others, term.axes[axis].rate)


def _one(group: Sequence[SupportTerm], axis: int, unions: dict[tuple[Field, ...], Field]) -> SupportTerm:
    """The union of terms that differ in one place; its certificate holds if they have the same."""
    first = group[0]
    if axis < 0:
        channels = 0
        for term in group:
            channels |= term.channels
        return replace(first, channels=channels, exact=_together(group))
    fields = tuple(term.axes[axis] for term in group)
    if fields not in unions:
        unions[fields] = united(fields)
    certified = first.certified[axis] if len({term.certified[axis] for term in group}) == 1 else None
    axes, ranges = _placed(first.axes, axis, unions[fields]), _placed(first.certified, axis, certified)
    return SupportTerm(first.channels, axes, ranges, _together(group))


def _few_phases(group: Sequence[SupportTerm], axis: int) -> bool:
    return axis < 0 or lcm(*(term.axes[axis].period for term in group)) <= MAX_PHASES


def _placed(entries: tuple[T, ...], axis: int, entry: T) -> tuple[T, ...]:
    return (*entries[:axis], entry, *entries[axis + 1 :])


def joined(terms: Sequence[SupportTerm], always: bool = False) -> list[SupportTerm]:
    """Terms of the same channels and rates as one, axis by axis: the boxes stay, holes between the terms are lost.

    Terms with units that read nothing stay apart, because a box of theirs would grow; `always` joins them as well, whatever
    their channels.
    """
    groups: dict[object, list[SupportTerm]] = {}
    for number, term in enumerate(terms):
        total = always or _total(term)
        groups.setdefault((0 if always else term.channels, *(f.rate for f in term.axes)) if total else number, []).append(term)
    return [_around(group, enclosed if always else united) for group in groups.values()]


def _total(term: SupportTerm) -> bool:
    return all(field.total for field in term.axes)


def _around(group: Sequence[SupportTerm], union: Callable[[Sequence[Field]], Field]) -> SupportTerm:
    if len(group) == 1:
        return group[0]
    axes = tuple(union([term.axes[k] for term in group]) for k in range(len(group[0].axes)))
    return SupportTerm(reduce(or_, (term.channels for term in group)), axes, (None,) * len(axes), (None,) * len(axes))
