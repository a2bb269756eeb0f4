"""The values that `space:` and `-s` of a sweep mean."""

from __future__ import annotations

import pytest

from rfcalc.errors import SpecError
from rfcalc.language.load import Template, load_spec
from rfcalc.language.problems import Problems
from rfcalc.language.space import asked, written

SPEC = """input: 3x32x32
params: {{w: 16, v: 8, kinds: [1, 2]}}
space:
  w: {values}
layers:
  - conv: {{out: w, k: 3}}
"""


def stated(values: str) -> list[object]:
    return list(Template(SPEC.format(values=values), "net.yaml").choices["w"].values)


def given(values: str) -> list[object]:
    problems = Problems()
    found = asked({"w": values}, problems)
    assert not problems.found
    return list(found["w"].values)


@pytest.mark.parametrize("read", [stated, given])
@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("16:64:16", [16, 32, 48]),
        ("1:65:1", [*range(1, 65)]),
        ("3:6", [3, 4, 5]),
        ("9:0:-3", [9, 6, 3]),
        ("16:256:*2", [16, 32, 64, 128]),
        ("1:5:*1.2", [1, 2, 3, 4]),  # 1.2 and 1.44 are 1, and equal designs are one
        ("0.5:1:0.25", [0.5, 0.75]),
        ("1:0:-0.5", [1.0, 0.5]),
        ("0.1:1:0.1", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]),
        ("18,34, 50", [18, 34, 50]),
        ("v*2", ["v*2"]),
        ("64", [64]),
    ],
)
def test_values(read: object, text: str, values: list[object]) -> None:
    assert read(text) == values  # type: ignore[operator]


def test_lists_within_lists() -> None:
    assert given("[3, 4],[5, 6]") == [(3, 4), (5, 6)]
    assert stated("[[3, 4], [5, 6]]") == [(3, 4), (5, 6)]
    assert given("[3, 4]") == [(3, 4)]  # one value, as everywhere


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("16:16:8", "has no values: the end is left out"),
        ("1:8:0", "a step of 0 never ends"),
        ("1:x", "is no range of numbers"),
        ("0:8:*2", "starts above 0, by a factor above 1"),
        ("1:8:*1", "starts above 0, by a factor above 1"),
        ("[8, 8]", "8 is listed twice"),
        ("[]", "a list without values"),
        ("['1:3', 4]", "is a range within a list"),
        ("0:1:1e-9", "a range of fractions has at most"),
        ("0:1e30", "is beyond 1e"),
    ],
)
def test_what_is_no_space(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message) as raised:
        load_spec(SPEC.format(values=text), "net.yaml")
    (problem,) = raised.value.problems
    assert problem.code == "E128"
    assert problem.span is not None
    assert (problem.span.line, problem.span.column) == (4, 6)


def test_an_unknown_param_has_its_place_and_the_nearest_one() -> None:
    with pytest.raises(SpecError) as raised:
        Template(SPEC.replace("  w: ", "  ww: ").format(values="1, 2"), "net.yaml")
    (problem,) = raised.value.problems
    assert (problem.span.line, problem.span.column, problem.hint) == (4, 3, 'did you mean "w"?')  # type: ignore[union-attr]


def test_a_large_range_costs_nothing() -> None:
    assert len(Template(SPEC.format(values="1:1000000000000"), "net.yaml").choices["w"]) == 10**12 - 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (0.5, "0.5"),
        ("relu", "relu"),
        ((1, (2, "a")), "[1, [2, a]]"),
        (None, "null"),
        (True, "true"),
        ("a: b", '"a: b"'),
    ],
)
def test_written(value: object, text: str) -> None:
    assert written(value) == text
