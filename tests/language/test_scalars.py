"""Plain scalars of YAML 1.2's core schema."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rfcalc.language.scalars import resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("off", "off"),
        ("true", True),
        ("False", False),
        ("tRUE", "tRUE"),
        ("", None),
        ("~", None),
        ("null", None),
        ("010", 10),
        ("-3", -3),
        ("+7", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2020-01-01", "2020-01-01"),
        ("1e3", 1000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1.5E-3", -0.0015),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        (".", "."),
        ("-", "-"),
        ("1e", "1e"),
        ("3x224x224", "3x224x224"),
        ("<<", "<<"),
        ("=", "="),
    ],
)
def test_a_scalar_means_what_yaml_12_says(text: str, value: Any) -> None:
    found = resolve(text)
    assert (found, type(found)) == (value, type(value))


def test_not_a_number_is_a_float() -> None:
    assert math.isnan(resolve(".nan"))


def test_a_number_of_many_digits_is_refused() -> None:
    assert resolve("9" * 200) == int("9" * 200)
    with pytest.raises(ValueError, match="201 digits"):
        resolve("9" * 201)
    assert resolve("9" * 300 + "x") == "9" * 300 + "x"
