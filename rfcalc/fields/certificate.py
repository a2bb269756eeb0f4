"""Certificates: within which units of a layer the clipped box is the unclipped box, cut to the image."""

from __future__ import annotations

from rfcalc.fields.field import Field, union
from rfcalc.relations.geometry import PaddingMode, Reach

Range = tuple[int, int]


def certify(field: Field, certified: Range | None, reach: Reach, n: int, m: int, image: int) -> Range | None:
    """The units, of `m`, whose clipped box is their unclipped box cut to the image; None if that cannot be promised.

    A window that begins before the first living unit `a` of the input reads, as its first real unit, one of a ... a+gap-1;
    if that one already sees the image's edge, cutting gives the same box. The same holds at the end.
    """
    if certified is None or not (reach.monotone and field.monotone):
        return None
    a, b = certified
    gap = reach.gap
    head, tail = reach.at(0), reach.at(m - 1)
    if b - a + 1 < gap:
        return None
    if head[0] < a and not _left_ok(field, a + gap - 1):
        return None
    if tail[-1] > b and not _right_ok(field, b - gap + 1, image):
        return None
    touches = head[0] < 0 or tail[-1] > n - 1
    if touches and reach.fold in (PaddingMode.REFLECT, PaddingMode.WRAP):
        return None
    if touches and reach.fold is PaddingMode.EDGE and not (a == 0 and b == n - 1 and head[-1] >= 0 and tail[0] <= n - 1):
        return None
    first, last = 0, m - 1
    while first <= last and reach.at(first)[-1] < a:
        first += 1
    while last >= first and reach.at(last)[0] > b:
        last -= 1
    return (first, last) if first <= last else None


def certify_set(field: Field, certified: Range | None, exact: Range | None, reach: Reach, made: Range | None) -> Range | None:
    """Of the units `made` that are certified for their box, those that are for every position in it as well: a window that
    reads no padding keeps what its input has, and spans without holes hide no border.

    What a padded unit would have read at the image's edge, the first real one reads as well, if its span has no hole.
    """
    if made is None or exact is None:
        return None
    if field.solid and exact == certified:
        return made
    first, last = made
    while first <= last and reach.at(first)[0] < exact[0]:
        first += 1
    while last >= first and reach.at(last)[-1] > exact[1]:
        last -= 1
    return (first, last) if first <= last else None


def within(a: Range | None, b: Range | None) -> Range | None:
    """The units of both ranges; None for none."""
    if a == b:
        return a
    if a is None or b is None or max(a[0], b[0]) > min(a[1], b[1]):
        return None
    return max(a[0], b[0]), min(a[1], b[1])


def gapless(field: Field, exact: Range | None, certified: Range | None) -> bool:
    """True if it is certain that the units of a certified range read, together, all that lies between their ends."""
    if certified is None or exact != certified:
        return False
    if field.solid and field.monotone:
        turn = range(certified[0], min(certified[1], certified[0] + field.period))
        ends = [field.at(i) for i in (*turn, turn.stop)]
        return all(a is not None and b is not None and b[0] <= a[1] + 1 for a, b in zip(ends, ends[1:], strict=False))
    together = union(field.at(i) for i in range(certified[0], certified[1] + 1))
    return together is not None and together[2] is None


def _left_ok(field: Field, unit: int) -> bool:
    span = field.at(unit)
    return span is not None and span[0] <= 0


def _right_ok(field: Field, unit: int, image: int) -> bool:
    span = field.at(unit)
    return span is not None and span[1] >= image - 1


def all_read(reach: Reach | None, n: int, m: int) -> bool:
    """True if it is certain that each of `m` units reads at least one of `n` units."""
    if reach is None:
        return True
    if not reach.monotone or reach.fold is not PaddingMode.ZERO:
        return reach.total and reach.fold is not PaddingMode.ZERO
    return reach.at(0)[-1] >= 0 and reach.at(m - 1)[0] <= n - 1 and reach.gap <= n
