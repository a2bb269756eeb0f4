"""Lanes: no two skips that pass the same line share one."""

from __future__ import annotations

import random

from rfcalc.page.lanes import Skip, lanes


def test_the_next_line_needs_no_lane() -> None:
    assert lanes([[], [0], [1]]) == [Skip(0, 1, -1), Skip(1, 2, -1)]


def test_nested_skips_lie_beside_each_other() -> None:
    found = {(skip.source, skip.reader): skip.lane for skip in lanes([[], [0], [1], [1, 2], [0, 3]])}
    assert found == {(0, 1): -1, (1, 2): -1, (2, 3): -1, (3, 4): -1, (1, 3): 0, (0, 4): 1}


def test_skips_of_one_lane_are_apart() -> None:
    rng = random.Random(0)
    for _ in range(200):
        reads = [sorted(rng.sample(range(k), min(k, rng.randint(0, 3)))) for k in range(12)]
        found = lanes(reads)
        assert sorted((skip.source, skip.reader) for skip in found) == sorted(
            (s, k) for k, line in enumerate(reads) for s in line
        )
        far = [skip for skip in found if skip.lane >= 0]
        for a in far:
            for b in far:
                if a.lane == b.lane and a.source != b.source:
                    assert a.reader <= b.source or b.reader <= a.source
