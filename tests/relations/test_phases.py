from __future__ import annotations

from rfcalc.relations.phases import Phases


def test_phases_are_worked_out_when_asked_for() -> None:
    asked: list[int] = []

    def rule(i: int) -> tuple[int, ...]:
        asked.append(i)
        return (i, i + 1)

    phases = Phases(rule, 1000)
    assert len(phases) == 1000
    assert (phases[3], phases[3], phases[-1]) == ((3, 4), (3, 4), (999, 1000))
    assert asked == [3, 999]
    assert phases[:2] == ((0, 1), (1, 2))


def test_equal_phases_are_equal() -> None:
    one, other = (Phases(lambda i: (i,), 4) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert one != Phases(lambda i: (i,), 5)
    assert one != ((0,), (1,), (2,), (3,))
