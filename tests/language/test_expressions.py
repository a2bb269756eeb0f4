"""Expressions: what they can say, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from rfcalc.errors import RuleError
from rfcalc.language.expressions import compiled

PARAMS: dict[str, Any] = {"w": 64, "depth": 50, "n": {50: (3, 4, 6, 3), "a": 1}, "s": "1x1", "wide": True, "z": 0}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("w*4", 256),
        ("n[depth][0]-1", 2),
        ("n['a']", 1),
        ("w // 3 % 5", 1),
        ("w/2", 32.0),
        ("-w + +1", -63),
        ("2 if s == '1x1' else 1", 2),
        ("not wide or w > 3 and w <= 64", True),
        ("depth in [50, 101]", True),
        ("depth not in (50, 101)", False),
        ("[64, 128][1]", 128),
        ("max(w, 3) + min([5, 4]) + abs(-1) + round(2.6) + len(n[50])", 64 + 4 + 1 + 3 + 4),
        ("ceil(w/3) + floor(w/3) + int(2.9)", 22 + 21 + 2),
        ("[w, w*2]", (64, 128)),
        ("true", True),
        ("null", None),
        ("1 < 2 < 3", True),
    ],
)
def test_a_value(text: str, value: Any) -> None:
    found = compiled(text)(PARAMS)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("w**2", "power"),
        ("w << 2", "shifts"),
        ("w.real", "attributes"),
        ("().__class__", "attributes"),
        ("__import__('os')", "no function __import__"),
        ("eval('1')", "no function eval"),
        ("(max)(1).x", "attributes"),
        ("n[depth]()", "no function"),
        ("max(1, key=2)", "no named arguments"),
        ("max(*[1, 2])", "Starred"),
        ("f'{w}'", "f-strings"),
        ("[x for x in [1]]", "comprehensions"),
        ("{1: 2}", "Dict"),
        ("lambda: 3", "lambda"),
        ("(y := 3)", "assignments"),
        ("n[50][0:2]", "slices"),
        ("w & 3", "BitAnd"),
        ("w is 3", "Is"),
        ("1j", "numbers, words and lists"),
        ("b'a'", "numbers, words and lists"),
        ("w; w", "no expression"),
        ("w =", "no expression"),
        ("", "no expression"),
        ("\0", "no expression"),
        ("1+" * 100 + "1", "201 characters"),
        ("9" * 30, "a number beyond"),
        ("-" * 60 + "1", "nested too deeply"),
    ],
)
def test_what_is_refused_before_it_is_evaluated(text: str, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        compiled(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("w/z", "division by zero"),
        ("w % z", "division by zero"),
        ("s*3", r"\* takes numbers, not '1x1'"),
        ("[1]*3", "takes numbers"),
        ("n[34]", "no entry 34; there are 50, 'a'"),
        ("n[50][4]", "no entry 4 in a list of 4"),
        ("n[50]['a']", "numbered"),
        ("w[0]", "only a list or a mapping"),
        ("n[[1]]", "no entry"),
        ("w < s", "not supported"),
        ("int('x')", "invalid literal"),
        ("len(w)", "len"),
        ("1000000000*1000000000*1000", "a number beyond"),
        ("unknown + 1", 'no param "unknown"'),
    ],
)
def test_what_goes_wrong_when_it_is_evaluated(text: str, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        compiled(text)(PARAMS)


def test_the_params_of_an_expression() -> None:
    assert set(compiled("w*4 + n[depth][0] if true else max(w, 3)").names) == {"w", "n", "depth"}


def test_true_and_one_are_different_params() -> None:
    expression = compiled("x if 1 else 0")
    assert expression({"x": 1}) == 1
    assert expression({"x": True}) is True


def test_a_long_list_is_looked_into_and_not_looked_through() -> None:
    """Its entries are read one by one; neither kept by the whole list, nor checked as a whole each time."""
    entry = compiled("w[i % 2000]")
    long = tuple(range(2000))
    assert [entry({"w": long, "i": i}) for i in (0, 7, 2007)] == [0, 7, 7]
    assert entry.kept == {}
    assert compiled("w[0]")({"w": (1, 2), "i": 0}) == 1
    assert len(compiled("w[0]").kept) == 1
