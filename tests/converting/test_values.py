"""How single values are written: units of an axis as ranges, what differs between the turns of a repeat."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rfcalc.converting.model import Expr, First, Mismatch
from rfcalc.converting.runs import pattern
from rfcalc.errors import RuleError
from rfcalc.language.load import load_spec
from rfcalc.layers.vocabulary.select import Units


@given(st.lists(st.integers(0, 40), min_size=1))
def test_units_are_read_as_they_were_written(units: list[int]) -> None:
    assert Units().parse(Units().written(tuple(units))) == tuple(units)


def test_neighbours_are_a_range() -> None:
    assert Units().written((3, 4, 5, 6, 9, 10, 2)) == ((3, 7), 9, 10, 2)
    text = "input: 20x8x8\nlayers: [take: {index: [[3, 7], 9, 10, 2]}]"
    assert load_spec(text, "x.yaml").layers[0].op.index == (3, 4, 5, 6, 9, 10, 2)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "must be a list"),
        ([[3]], "an entry is a number or a pair"),
        ([[3, 3]], "is empty"),
        ([[0, 10**9]], "names more than 1,048,576 units"),
        ([-1], "must be at least 0"),
        ("0:3", "must be a list"),
    ],
)
def test_mistakes_in_units(value: object, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        Units().parse(value)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1, 1, 1], 1),
        ([2, 1, 1], First(2, 1)),
        ([False, True, True], First(False, True)),
        ([0, 3, 0, 3], Expr("0 if i % 2 == 0 else 3")),
        ([False, True, False, True], Expr("i % 2 == 1")),
        ([1, 1, 5], Expr("1 if i < 2 else 5")),
        ([1, 1, True], Expr("1 if i < 2 else true")),
        (["half", 0, 0], First("half", 0)),
    ],
)
def test_patterns(values: list[Any], found: Any) -> None:
    assert pattern(values) == found


@pytest.mark.parametrize("values", [[1, 2, 3], [{}, 1, 1], [Expr("w"), None, None]])
def test_values_without_a_rule(values: list[Any]) -> None:
    with pytest.raises(Mismatch):
        pattern(values)


@given(st.lists(st.sampled_from((1, 2, True, False, "half")), min_size=2, max_size=6))
def test_a_pattern_gives_the_values_again(values: list[Any]) -> None:
    """What the expression says for each turn, by Python's own reading of it."""
    try:
        found = pattern(values)
    except Mismatch:
        return
    words = {"true": True, "false": False}
    for i, value in enumerate(values):
        given = found.first if isinstance(found, First) and not i else getattr(found, "later", found)
        again = eval(given.text, words | {"i": i}) if isinstance(given, Expr) else given
        assert (again, type(again)) == (value, type(value))
