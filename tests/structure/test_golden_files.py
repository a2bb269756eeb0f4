"""`make accept` rewrites every golden file: each test that keeps one takes the fixture `golden`, which marks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden import Golden

TESTS = Path(__file__).resolve().parents[1]


def test_the_fixture_marks_the_test(golden: Golden, request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("golden")


def test_a_test_without_it_is_not_marked(request: pytest.FixtureRequest) -> None:
    assert not request.node.get_closest_marker("golden")


def test_make_accept_runs_what_is_marked() -> None:
    recipe = (TESTS.parent / "Makefile").read_text().partition("\naccept:")[2].partition("\n\n")[0]
    assert recipe.split("\n")[1].split() == ["RFCALC_ACCEPT=1", "pytest", "-m", "golden"]


def test_nobody_else_asks_whether_to_accept() -> None:
    asking = {path.name for path in TESTS.rglob("*.py") if "RFCALC_ACCEPT" in path.read_text()}
    assert asking <= {"conftest.py", "golden.py", Path(__file__).name}, "take the fixture `golden` instead"


def test_a_file_is_compared_or_written(tmp_path: Path) -> None:
    path = tmp_path / "golden" / "one.txt"
    with pytest.raises(AssertionError, match="make accept"):
        Golden().check(path, "a\n")
    Golden("1").check(path, "a\n")
    Golden().check(path, "a\n")
    with pytest.raises(AssertionError):
        Golden().check(path, "b\n")
    assert path.read_text() == "a\n"
