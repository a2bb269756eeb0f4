"""The changes that are proposed are the smallest: against every change of one number and of two, by plain arithmetic.

The networks are chains of three convolutions in which every number is written out, so that a change by hand is another text.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import pytest

from rfcalc.analyses.network import analyze
from rfcalc.designing.edits import Edit, Search, Task
from rfcalc.errors import RuleError
from rfcalc.language.load import load_spec

SIZE, MOST = 64, 400
CHANNELS = (2, 4, 6, 8)
Numbers = tuple[tuple[int, int, int, int], ...]  # kernel, stride, dilation, repeat of each layer
WHAT = ("kernel", "stride", "dilation", "repeat")


def text_of(numbers: Numbers) -> str:
    lines = [f"input: {CHANNELS[0]}x{SIZE}x{SIZE}", "layers:"]
    for i, (k, s, d, n) in enumerate(numbers):
        lines.append(f"  - {{name: l{i}, conv: {{out: {CHANNELS[i + 1]}, k: {k}, s: {s}, d: {d}, bias: false}}, repeat: {n}}}")
    return "\n".join(lines) + "\n"


@dataclass
class Figures:
    """What arithmetic says of a network."""

    field: int
    stride: int
    size: int
    macs: int
    params: int
    whole: bool
    skips: bool


def figures(numbers: Numbers) -> Figures:
    seen, jump, size, macs, params = {0}, 1, SIZE, 0, 0
    whole, skips, source = True, False, CHANNELS[0]
    for (k, s, d, n), out in zip(numbers, CHANNELS[1:], strict=True):
        for _ in range(n):
            if max(seen) + (k - 1) * d * jump > MOST:  # beyond every target here
                return Figures(MOST, jump, size, macs, params, False, skips)
            seen = {p + t * d * jump for p in seen for t in range(k)}
            whole = whole and len(seen) == max(seen) + 1
            skips = skips or (d > 1 and s > 1 and len({d * t % s for t in range(k)}) < min(k, s))
            jump, size = jump * s, -(-size // s)
            macs, params = macs + k * k * source * out * size * size, params + k * k * source * out
            source = out
    return Figures(max(seen) + 1, jump, size, macs, params, whole, skips)


def other_values(what: str, value: int, most: int) -> list[int]:
    if what == "stride":
        return [v for v in (1, 2, 4) if v != value]
    return [v for v in range(1, most + 1) if v != value and (what != "kernel" or (v - value) % 2 == 0)]


def changed(numbers: Numbers, values: dict[tuple[int, int], int]) -> Numbers:
    return tuple(tuple(values.get((i, j), n) for j, n in enumerate(row)) for i, row in enumerate(numbers))  # type: ignore[misc]


class Judge:
    """The rules of a change, written out: what may be proposed, and what is better."""

    def __init__(self, numbers: Numbers, target: int, slack: int) -> None:
        self.numbers, self.target, self.slack, self.base = numbers, target, slack, figures(numbers)

    def allowed(self, values: dict[tuple[int, int], int], found: Figures) -> bool:
        strides = any(WHAT[j] == "stride" for _, j in values)
        kept = found.stride == self.base.stride or strides
        return kept and found.whole and not found.skips and abs(found.field - self.target) <= self.slack

    def rank(self, values: dict[tuple[int, int], int], found: Figures) -> tuple[float, ...]:
        moved = (found.stride, found.size) != (self.base.stride, self.base.size)
        cost = found.macs / self.base.macs * (found.params / self.base.params)
        return moved, cost, len(values), abs(found.field - self.target)

    def preferred(self, values: dict[tuple[int, int], int], found: Figures) -> tuple[object, ...]:
        return (0 if found.field >= self.target else abs(found.field - self.target)), self.rank(values, found)


def some_numbers(rng: random.Random) -> Numbers:
    """A chain without holes."""
    while True:
        rows = []
        for i in range(3):
            k = rng.choice([3, 3, 5])
            rows.append((k, rng.choice([1, 2]) if i < 2 else 1, 1, rng.choice([1, 1, 2])))
        rows[2] = (*rows[2][:2], rng.choice([1, 2]), rows[2][3])
        found = figures(tuple(rows))
        if found.whole and not found.skips and found.size >= 4:
            return tuple(rows)


def places(change: Edit) -> dict[tuple[int, int], int]:
    """A proposed change as {(layer, number): value}."""
    return {(int(knob.where[1:]), WHAT.index(knob.what)): value for knob, value in change.values}


def proposed(judge: Judge, tolerance: float) -> list[Edit]:
    search = Search(Task(text_of(judge.numbers), "net.yaml", judge.target, tolerance))
    try:
        found = search.run()
    except RuleError:
        return []
    return [change for change in found if search.off(change.figures) <= judge.slack]


def checked(judge: Judge, change: Edit) -> dict[tuple[int, int], int]:
    """A change, after its promise was compared with arithmetic, with a text written by hand and with overrides."""
    values = places(change)
    numbers = changed(judge.numbers, values)
    by_hand, said = figures(numbers), change.figures
    assert judge.allowed(values, by_hand)
    assert (said.field, said.macs, said.params) == (by_hand.field, by_hand.macs, by_hand.params)
    assert change.text == text_of(numbers)
    if not any(WHAT[j] == "repeat" for _, j in values):
        overrides = {f"l{i}.*.{WHAT[j]}": str(value) for (i, j), value in values.items()}
        found = analyze(load_spec(text_of(judge.numbers), "net.yaml", overrides))
        assert (found.outputs[0].field.size, found.macs, found.params) == ((said.field,) * 2, said.macs, said.params)
    return values


@pytest.mark.parametrize("seed", range(30))
def test_each_number_gets_its_best_value(seed: int) -> None:
    rng = random.Random(seed)
    numbers = some_numbers(rng)
    tolerance = rng.choice([0.05, 0.1, 0.2])
    target = max(5, figures(numbers).field + rng.choice([-12, -8, 6, 11, 17, 26, 40]))
    judge = Judge(numbers, target, int(target * tolerance))
    if abs(judge.base.field - target) <= judge.slack:
        target += 2 * judge.slack + 2
        judge = Judge(numbers, target, int(target * tolerance))
    wanted = {}
    for i, j in product(range(3), range(4)):
        most = {"kernel": 31, "stride": 4, "dilation": 64, "repeat": 40}[WHAT[j]]
        found = [({(i, j): v}, figures(changed(numbers, {(i, j): v}))) for v in other_values(WHAT[j], numbers[i][j], most)]
        fits = [judge.preferred(*one) for one in found if judge.allowed(*one)]
        if fits:
            wanted[i, j] = min(fits)
    got = {}
    for change in proposed(judge, tolerance):
        values = checked(judge, change)
        if len(values) == 1:
            got[next(iter(values))] = judge.preferred(values, figures(changed(numbers, values)))
    assert got == wanted


def every_pair(judge: Judge, upwards: bool = False) -> Iterator[tuple[Figures, tuple[float, ...]]]:
    """Every change of two numbers that is allowed, with its rank."""
    numbers = judge.numbers
    for a, b in combinations([place for place in product(range(3), range(4)) if WHAT[place[1]] != "stride"], 2):
        for x, y in product(*(other_values(WHAT[j], numbers[i][j], 13) for i, j in (a, b))):
            values = {a: x, b: y}
            if upwards and any(values[i, j] < numbers[i][j] for i, j in (a, b)):
                continue
            after = figures(changed(numbers, values))
            if judge.allowed(values, after):
                yield after, judge.rank(values, after)


@pytest.mark.parametrize("seed", range(6))
def test_no_change_of_one_number_or_two_costs_less_than_the_recommended_one(seed: int) -> None:
    """Of those that cover the target: every value of every number, and every pair of values that are not below the design's
    (a pair of which one number takes away what the other one adds is another design)."""
    rng = random.Random(200 + seed)
    numbers = some_numbers(rng)
    numbers = tuple((k, s, 1, n) for k, s, _, n in numbers)
    target = figures(numbers).field + rng.randint(10, 40)
    judge = Judge(numbers, target, int(target * 0.1))
    found = [change for change in proposed(judge, 0.1) if change.figures.field >= target]
    ranks = [judge.rank(values, figures(changed(numbers, values))) for values in map(places, found)]
    assert ranks == sorted(ranks)
    for i, j in product(range(3), range(4)):
        for value in other_values(WHAT[j], numbers[i][j], 31):
            after = figures(changed(numbers, {(i, j): value}))
            if judge.allowed({(i, j): value}, after) and after.field >= target:
                assert ranks[0] <= judge.rank({(i, j): value}, after)
    for after, rank in every_pair(judge, upwards=True):
        if after.field >= target:
            assert ranks[0] <= rank


@pytest.mark.parametrize("seed", range(8))
def test_where_one_number_is_not_enough_the_best_pair_comes_first(seed: int) -> None:
    rng = random.Random(100 + seed)
    while True:
        numbers = some_numbers(rng)
        judge = Judge(numbers, figures(numbers).field + rng.randint(5, 30), 0)
        found = proposed(judge, 0.0)
        if not any(len(change.values) == 1 for change in found):
            break
    best = min((rank for _, rank in every_pair(judge)), default=None)
    if best is None:
        assert not found
        return
    for change in found:
        checked(judge, change)
    first = places(found[0])
    assert judge.rank(first, figures(changed(numbers, first))) == best
