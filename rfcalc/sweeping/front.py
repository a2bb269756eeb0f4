"""Those of many designs that no other one beats: as good in every figure of the front, and better in one. Designs that lack one
of the figures are not among them. Of equal designs all are.

The store leaves out, in one pass, what one of a few strong designs beats; few are left to be compared."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

from rfcalc.sweeping.store import Store
from rfcalc.sweeping.task import KEPT

SAMPLE, STRONG = 4000, 40
Point = tuple[float, ...]  # less is better in all


def front(store: Store, figures: Sequence[tuple[str, bool]]) -> list[int]:
    """The numbers of the designs on the front; `figures` by their keys, each with whether more is better."""
    signs = [f'-"{key}"' if more else f'"{key}"' for key, more in figures]
    there = " AND ".join([f"state = {KEPT}", *(f'"{key}" IS NOT NULL' for key, _ in figures)])
    names = ", ".join(signs)
    execute = store.connection.execute
    (count,) = execute(f"SELECT COUNT(*) FROM {store.source()} WHERE {there}").fetchone()
    values: list[float] = []
    if count > SAMPLE:
        step = count // SAMPLE
        sample = [
            row[1:] for row in execute(f"SELECT design, {names} FROM {store.source()} WHERE {there} AND design % {step} = 0")
        ]
        strong = _strong(sample)
        beaten = f"{' AND '.join(f'{sign} >= ?' for sign in signs)} AND ({' OR '.join(f'{sign} > ?' for sign in signs)})"
        there += f" AND NOT ({beaten})" * len(strong)
        values = [value for point in strong for value in (*point, *point)]
    rows = execute(f"SELECT design, {names} FROM {store.source()} WHERE {there}", values)
    return sorted(unbeaten([(row[0], row[1:]) for row in rows]))


def _strong(points: Sequence[Point]) -> list[Point]:
    """A few points that beat many others."""
    found = [point for _, point in _of_many([(0, point) for point in dict.fromkeys(points)])]
    if len(found) <= STRONG:
        return found
    ranks = [sorted(point[axis] for point in points) for axis in range(len(found[0]))]

    def beaten(point: Point) -> float:
        share = 1.0
        for axis, values in enumerate(ranks):
            share *= 1 - bisect_left(values, point[axis]) / len(values)
        return -share

    return sorted(found, key=beaten)[:STRONG]


def unbeaten(points: Iterable[tuple[int, Point]]) -> list[int]:
    """The numbers of the points that no other one beats."""
    return [number for number, _ in _of_many(points)]


def _of_many(points: Iterable[tuple[int, Point]]) -> list[tuple[int, Point]]:
    """In the order of their figures, whoever beats a point stands before it, so that what was found stays found."""
    ordered = sorted(points, key=lambda one: one[1])
    if not ordered:
        return []
    return _of_three(ordered) if len(ordered[0][1]) <= 3 else _of_more(ordered)


def _of_more(ordered: Sequence[tuple[int, Point]]) -> list[tuple[int, Point]]:
    found: list[tuple[int, Point]] = []
    judges: list[Point] = []
    for number, point in ordered:
        for place, other in enumerate(judges):
            if all(a <= b for a, b in zip(other, point, strict=True)) and other != point:
                if place:  # who beats one is likely to beat the next
                    del judges[place]
                    judges.insert(0, other)
                break
        else:
            found.append((number, point))
            if not judges or judges[-1] != point:
                judges.append(point)
    return found


def _of_three(ordered: Sequence[tuple[int, Point]]) -> list[tuple[int, Point]]:
    """The same for at most three figures: the last two of what was found are a staircase, in which one place is looked up."""
    found: list[tuple[int, Point]] = []
    stairs: list[tuple[float, float]] = []  # ascending in the first, descending in the second
    before: Point | None = None
    for number, point in ordered:
        if point == before:
            found.append((number, point))
            continue
        x, y = (*point[1:], 0.0, 0.0)[:2]
        place = bisect_left(stairs, (x, float("inf")))
        if place and stairs[place - 1][1] <= y:
            continue
        before = point
        found.append((number, point))
        while place < len(stairs) and stairs[place][1] >= y:
            del stairs[place]
        if place and stairs[place - 1][0] == x:
            del stairs[place - 1]
        insort(stairs, (x, y))
    return found
