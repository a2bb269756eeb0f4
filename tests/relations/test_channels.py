"""Channel relations as sets: push and pull are each other's inverse, and say what the definition says."""

from __future__ import annotations

import pytest

from rfcalc.relations.channels import MIX, SAME, Band, Grouped, Mix, Route

IN, OUT = 12, 12
CASES: dict[str, tuple[Mix, set[tuple[int, int]]]] = {  # the pairs (output channel, input channel)
    "all": (MIX, {(o, i) for o in range(OUT) for i in range(IN)}),
    "same": (SAME, {(c, c) for c in range(IN)}),
    "groups": (Grouped(3, 4, 2), {(o, i) for o in range(6) for i in range(IN) if o // 2 == i // 4}),
    "depthwise": (Grouped(12, 1, 1), {(c, c) for c in range(IN)}),
    "a slice": (Route(range(5), range(3, 8)), {(c, c + 3) for c in range(5)}),
    "a shuffle": (Route(range(12), tuple(c % 3 * 4 + c // 3 for c in range(12))), {(c, c % 3 * 4 + c // 3) for c in range(12)}),
    "every other": (Route(range(6), range(0, 12, 2)), {(c, 2 * c) for c in range(6)}),
    "one place": (Route((2, 2, 5), (0, 4, 7)), {(2, 0), (2, 4), (5, 7)}),
    "a window": (Band(1, 2, 12), {(o, i) for o in range(OUT) for i in range(IN) if o - 1 <= i <= o + 2}),
}


def bits(channels: set[int]) -> int:
    return sum(1 << channel for channel in channels)


@pytest.mark.parametrize("name", CASES)
def test_push_and_pull(name: str) -> None:
    relation, pairs = CASES[name]
    for chosen in [{c} for c in range(12)] + [{0, 5}, {3, 4, 11}, set()]:
        reached, read = {o for o, i in pairs if i in chosen}, {i for o, i in pairs if o in chosen}
        pushed, pulled = relation.push(bits(chosen)), relation.pull(bits(chosen))
        assert pushed == bits(reached) or (pushed == -1 and len(reached) == OUT)
        assert pulled == bits(read) or (pulled == -1 and len(read) == IN)
