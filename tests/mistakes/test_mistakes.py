"""Each file here has one kind of mistake; the text that a user reads is kept beside it.

`make accept` writes the texts anew; read the difference before you commit it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rfcalc.errors import SpecError
from rfcalc.language.load import load_spec
from tests.golden import Golden

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*.yaml"))
CODED = re.compile(r"^(\S+:\d+:\d+: )?error E\d\d\d: \S", re.MULTILINE)


def report(path: Path) -> str:
    """What a user reads."""
    with pytest.raises(SpecError) as caught:
        load_spec(path.read_text(encoding="utf-8"), path.name)
    return str(caught.value) + "\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_text_of_a_mistake(path: Path, golden: Golden) -> None:
    golden.check(path.with_suffix(".txt"), report(path))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_problem_has_a_code_a_place_and_a_caret(path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load_spec(path.read_text(encoding="utf-8"), path.name)
    lines = path.read_text(encoding="utf-8").splitlines()
    for problem in caught.value.problems:
        assert CODED.match(str(problem))
        if lines and problem.code != "E005":
            assert problem.span is not None
            assert problem.span.text == (lines[problem.span.line - 1] if problem.span.line <= len(lines) else "")
            assert problem.span.column <= len(problem.span.text) + 1


def test_no_expected_text_is_left_behind() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == {path.stem for path in FILES}
