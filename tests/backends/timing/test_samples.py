from __future__ import annotations

import random
from statistics import median, quantiles

import pytest

from rfcalc.backends.timing.samples import compare, interval, quantile, summary


def test_quantiles_agree_with_the_standard_library() -> None:
    draw = random.Random(3)
    samples = [draw.lognormvariate(0, 1) for _ in range(57)]
    cuts = quantiles(samples, n=100, method="inclusive")
    found = summary(samples)
    assert found.median == pytest.approx(median(samples))
    assert found.iqr == pytest.approx(cuts[74] - cuts[24])
    assert (found.p90, found.p99) == pytest.approx((cuts[89], cuts[98]))


def test_one_sample_is_every_quantile() -> None:
    assert vars(summary([2.0])) == {"median": 2.0, "iqr": 0.0, "p90": 2.0, "p99": 2.0}
    assert quantile([1.0, 3.0], 0.25) == 1.5


def test_a_wide_spread_is_noticed() -> None:
    assert summary([1, 1, 1, 2, 2, 2]).wide
    assert not summary([1.00, 1.01, 1.02, 1.03]).wide


@pytest.mark.parametrize(("count", "ends"), [(5, (0, 4)), (6, (0, 5)), (9, (1, 7)), (20, (5, 14))])
def test_the_interval_is_the_binomial_s(count: int, ends: tuple[int, int]) -> None:
    assert interval(range(count)) == ends


def test_the_interval_covers_the_median_as_often_as_it_says() -> None:
    draw, hits = random.Random(1), 0
    for _ in range(2000):
        low, high = interval([draw.expovariate(1) for _ in range(15)])
        hits += low <= 0.6931 <= high
    assert hits / 2000 > 0.95


def test_equal_networks_are_ambiguous_and_different_ones_are_not() -> None:
    draw = random.Random(2)
    a, b = ([10 + draw.gauss(0, 0.3) for _ in range(12)] for _ in range(2))
    same = compare(a, b)
    assert same.ambiguous
    assert "ambiguous" in same.verdict("a", "b")
    slower = compare(a, [2 * x for x in b])
    assert not slower.ambiguous
    assert slower.ratio == pytest.approx(2, rel=0.1)
    assert slower.verdict("a", "b").startswith("b takes 2")
    assert compare([2 * x for x in b], a).verdict("b", "a").startswith("a is")
