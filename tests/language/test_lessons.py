"""Reading `lesson:`: what it must have, and where what is wrong stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.errors import SpecError
from rfcalc.language.lessons import lesson, lesson_names

HEAD = "# A title\ninput: 3x8x8\nlayers: [relu]\n"
GOOD = """lesson:
  text: >-
    Of
    something.
  runs:
    - run: analyze -s 'a=[1, 2]' --columns op --full
      claims: [{say: So., that: 'totals["params"] == 0'}]
"""


def read(tmp_path: Path, text: str) -> list[str]:
    """Line, column, code and message of each problem."""
    (tmp_path / "net.yaml").write_text(HEAD + text)
    with pytest.raises(SpecError) as caught:
        lesson(str(tmp_path / "net.yaml"))
    return [f"{p.span.line}:{p.span.column} {p.code} {p.message}" for p in caught.value.problems if p.span]


def test_a_lesson(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(HEAD + GOOD)
    found = lesson(str(tmp_path / "net.yaml"))
    assert (found.title, found.text) == ("A title", "Of something.")
    (run,) = found.runs
    assert run.on("x") == ["analyze", "x", "-s", "a=[1, 2]", "--columns", "op", "--full"]
    assert run.as_json("x") == ["analyze", "x", "-s", "a=[1, 2]", "--full", "--format", "json"]
    assert [(claim.say, claim.that) for claim in run.claims] == [("So.", 'totals["params"] == 0')]


def test_the_shipped_ones() -> None:
    assert "checkerboard" in lesson_names()
    assert lesson("checkerboard").spec == "lessons/checkerboard"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lesson: 3", ["4:9 E127 a lesson has text and runs; this is 3"]),
        ("lesson: {text: a}", ["4:9 E127 a lesson needs runs"]),
        ("lesson: {text: a, rns: []}", ['4:19 E127 a lesson has text and runs, not "rns"']),
        ("lesson: {text: 3, runs: []}", ["4:16 E127 text is a text, not 3"]),
        ("lesson: {text: a, runs: b}", ["4:25 E127 runs is a list of commands with their claims, not 'b'"]),
        ("lesson: {text: a, runs: [b]}", ["4:26 E127 a run has run and claims; this is 'b'"]),
        ("lesson: {text: a, runs: [{run: analyze}]}", ["4:26 E127 a run needs claims"]),
        ("lesson: {text: a, runs: [{run: 'a \"', claims: []}]}", ["4:32 E127 run: a quote that is not closed"]),
        ("lesson: {text: a, runs: [{run: a, claims: b}]}", ["4:43 E127 claims is a list of say and that, not 'b'"]),
        ("lesson: {text: a, runs: [{run: a, claims: [{say: b}]}]}", ["4:44 E127 a claim needs that"]),
        (
            "lesson: {text: a, runs: [{run: a, claims: [{say: b, than: c}]}]}",
            ['4:53 E127 a claim has say and that, not "than"'],
        ),
        ("lesson: {text: a, runs: [{run: a, claims: [{say: b, that: 3}]}]}", ["4:59 E127 that is a text, not 3"]),
    ],
)
def test_mistakes(text: str, says: list[str], tmp_path: Path) -> None:
    assert read(tmp_path, text) == says
