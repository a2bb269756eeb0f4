"""Drawing without drawing anything twice."""

from __future__ import annotations

from collections import Counter

import pytest

from rfcalc.sweeping.draws import permutation


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64, 100, 1000, 1025])
@pytest.mark.parametrize("seed", [0, 1, 10**17])
def test_each_once(count: int, seed: int) -> None:
    of = permutation(count, seed)
    assert sorted(map(of, range(count))) == [*range(count)]


def test_seeds_differ_and_stay() -> None:
    drawn = [[permutation(10**12, seed)(k) for k in range(4)] for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(set(drawn[0])) == 4


def test_evenly() -> None:
    """Of 100,000 designs the first 8,000 drawn: each of ten equal parts has its share, within six standard deviations."""
    of = permutation(100_000, 5)
    parts = Counter(of(k) // 10_000 for k in range(8000))
    assert all(abs(parts[k] - 800) < 6 * 27 for k in range(10))


def test_of_very_many() -> None:
    of = permutation(10**250, 3)
    drawn = {of(k) for k in range(50)}
    assert len(drawn) == 50
    assert max(drawn) > 10**248
