"""The front against its definition."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from rfcalc.sweeping import front as fronts
from rfcalc.sweeping.front import front, unbeaten
from rfcalc.sweeping.store import Store
from rfcalc.sweeping.task import KEPT, LEFT, Chunk
from tests.sweeping.spaces import plan, spec, swept

Point = tuple[float, ...]


def slow(points: list[tuple[int, Point]]) -> list[int]:
    def beats(a: Point, b: Point) -> bool:
        return a != b and all(x <= y for x, y in zip(a, b, strict=True))

    return [number for number, point in points if not any(beats(other, point) for _, other in points)]


@pytest.mark.parametrize("axes", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("values", [3, 12, 1000])
def test_who_is_unbeaten(axes: int, values: int) -> None:
    random = Random(axes * values)
    for _ in range(30):
        points = [(k, tuple(random.randrange(values) for _ in range(axes))) for k in range(random.randrange(1, 90))]
        assert sorted(unbeaten(points)) == slow(points)


def filled(folder: Path, points: list[tuple[int | None, ...]]) -> Store:
    """A store that holds such figures, of which every seventh design is outside the condition."""
    store = swept(plan(spec(folder), front="macs,params,receptive_field", columns="macs", values={"w": "8,16", "d": "1,2"}))
    store.connection.execute("DELETE FROM designs")
    rows = tuple((k, LEFT if k % 7 == 0 else KEPT, None, None, point) for k, point in enumerate(points))
    store.add(Chunk(10**6, len(rows), rows))
    return store


@pytest.mark.parametrize("sample", [20, 4000])
def test_of_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample: int) -> None:
    monkeypatch.setattr(fronts, "SAMPLE", sample)
    random = Random(sample)
    points = [
        tuple(random.choice([None, *range(25)]) if axis == 2 else random.randrange(40) for axis in range(3)) for _ in range(600)
    ]
    store = filled(tmp_path, points)
    there = [(k, (a, b, -c)) for k, (a, b, c) in enumerate(points) if c is not None and k % 7]  # type: ignore[operator]
    figures = [("macs", False), ("params", False), ("receptive_field", True)]
    assert front(store, figures) == slow(there)  # type: ignore[arg-type]
