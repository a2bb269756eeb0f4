"""`--where`: amounts with units, and what a design does not have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rfcalc.errors import RuleError
from rfcalc.language.expressions import compiled
from rfcalc.sweeping.condition import conditions

DESIGN = {"macs": 4 * 10**8, "field": 224, "none": None, "act": "relu", "n": (3, 4), "zero": 0}


def holds(text: str) -> bool:
    return all(part.holds(DESIGN) for part in conditions(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("macs <= 400 M and field >= 224", True),
        ("macs < 400 M", False),
        ("macs <= 0.4G", True),
        ("macs == 400_000_000", True),
        ("field >= 224 px and not zero", True),
        ("200 <= field < 224", False),
        ("100 < field < 300 < macs", True),
        ("act == 'relu' and n[0] + len(n) == 5", True),
        ("field in [224, 256]", True),
        ("macs if zero else field", True),
        ("none > 3", False),
        ("not none > 3", False),
        ("none > 3 or field > 3", True),
        ("none > 3 and field > 3", False),
        ("field / zero > 1", False),
        ("act > 3", False),
        ("min(field, macs) == 224", True),
        ("field", True),
        ("zero", False),
    ],
)
def test_conditions(text: str, expected: bool) -> None:
    assert holds(text) is expected


@pytest.mark.parametrize(
    "text",
    ["macs = 3", "macs ** 2 > 1", "macs.real", "open('x')", "macs <= ", "[m for m in n]", "x" * 300, "macs <= 3 bananas"],
)
def test_what_is_no_condition(text: str) -> None:
    with pytest.raises(RuleError):
        conditions(text)


def test_parts_say_what_they_speak_of() -> None:
    parts = conditions("macs <= 3 and (w < 4 or min(w, v) < 2) and true")
    assert [sorted(part.names) for part in parts] == [["macs"], ["v", "w"], []]


NUMBER = st.integers(-20, 20)


def joined(parts: st.SearchStrategy[str], signs: list[str]) -> st.SearchStrategy[str]:
    return st.tuples(parts, st.sampled_from(signs), parts).map(lambda one: f"({' '.join(one)})")


SUM = st.recursive(
    st.sampled_from(["a", "b", "3", "0", "7"]), lambda inner: joined(inner, ["+", "-", "*", "//", "%"]), max_leaves=4
)
TERM = st.recursive(
    joined(SUM, ["<", "<=", "==", "!=", ">"]),
    lambda inner: joined(inner, ["and", "or"]) | inner.map(lambda one: f"(not {one})"),
    max_leaves=5,
)


@given(TERM, NUMBER, NUMBER)
def test_it_means_what_expressions_of_specs_mean(text: str, a: int, b: int) -> None:
    try:
        expected = compiled(text)({"a": a, "b": b})
    except RuleError:
        return
    assert all(part.holds({"a": a, "b": b}) for part in conditions(text)) is bool(expected)
