"""The words of the language in the terminal."""

from __future__ import annotations

import pytest

from rfcalc.language.explained import words
from tests.running import rfcalc


def test_every_word_has_a_line() -> None:
    lines = rfcalc("layers").out.splitlines()
    assert {line.split()[0] for line in lines if line.startswith("  ")} == set(words())


@pytest.mark.parametrize(("glob", "first"), [("*pool", "maxpool"), ("norm", "bn"), ("*conv", "sepconv")])
def test_some_of_them(glob: str, first: str) -> None:
    run = rfcalc("layers", glob)
    assert run.code == 0
    assert run.out.splitlines()[1].split()[0] == first


def test_one_of_them_is_its_page() -> None:
    assert rfcalc("layers", "upco*").out == rfcalc("explain", "upconv").out


def test_none_of_them() -> None:
    run = rfcalc("layers", "covn")
    assert run.code == 2
    assert 'did you mean "conv"?' in run.err


def test_three_dots_end_no_sentence() -> None:
    line = next(line for line in rfcalc("layers").out.splitlines() if line.split()[:1] == ["slice"])
    assert line.endswith("below end") or "..." in line
