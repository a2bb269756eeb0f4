"""Unions of products: what is made of each axis."""

from __future__ import annotations

from rfcalc.fields.terms import by_axis


def test_axes_that_are_alike_are_made_once() -> None:
    made: list[tuple[int, str]] = []

    def make(n: int, word: str) -> str:
        made.append((n, word))
        return word * n

    assert by_axis(make, (2, 2, 3), "aab") == ["aa", "aa", "bbb"]
    assert by_axis(make, (), ()) == []
    assert made == [(2, "a"), (3, "b")]
