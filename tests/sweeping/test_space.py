"""Every combination of the values, by number."""

from __future__ import annotations

from itertools import product

from rfcalc.language.problems import Problems
from rfcalc.language.space import asked
from rfcalc.sweeping.space import Space, space_of


def space(**values: str) -> Space:
    return space_of({}, asked(values, Problems()))


def test_designs_are_those_of_nested_loops() -> None:
    found = space(a="1:4", b="x,y", c="7", d="10:30:*2")
    every = [found.texts(index) for index in range(found.count)]
    assert every == [{"a": str(a), "b": b, "d": str(d)} for a, b, d in product((1, 2, 3), "xy", (10, 20))]
    assert [node.plain() for node in found.nodes(5).values()] == [7, 2, "x", 20]


def test_what_is_asked_for_stands_in_place_of_what_is_stated() -> None:
    stated = asked({"a": "1:4", "b": "1:3"}, Problems())
    found = space_of(stated, asked({"a": "5"}, Problems()))
    assert (found.keys, found.count) == (("b",), 2)
    assert found.nodes(0)["a"].plain() == 5


def test_a_space_beyond_all_counting() -> None:
    found = space(**{f"p{k}": "1:1000000001" for k in range(40)})
    assert found.count == 10**360
    assert found.numbers(10**360 - 1) == [10**9 - 1] * 40
