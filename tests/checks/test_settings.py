"""Settings: each problem at its own place, all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.checks.settings import read
from rfcalc.errors import SpecError

TEXT = """\
select = ["RF1", "RF9"]
ignored = 3
baseline = 4
severity = {RF101 = "bad", RFX = "error"}
[budget]
receptive_field = 40
mac = 4
[per-path]
"*.yaml" = {budget = {macs = true}, baseline = "x"}
other = 3
"""


def test_each_problem_has_its_place(tmp_path: Path) -> None:
    (tmp_path / "rfcalc.toml").write_text(TEXT)
    with pytest.raises(SpecError) as caught:
        read(tmp_path)
    places = [(p.code, p.span.line, p.span.column) for p in caught.value.problems if p.span]
    assert places == [
        ("E021", 1, 18),
        ("E021", 2, 1),
        ("E021", 3, 12),
        ("E021", 4, 21),
        ("E021", 4, 28),
        ("E123", 6, 19),
        ("E123", 7, 1),
        ("E123", 9, 30),
        ("E021", 9, 37),
        ("E021", 10, 9),
    ]


def test_a_text_that_is_no_toml_has_a_place(tmp_path: Path) -> None:
    (tmp_path / "rfcalc.toml").write_text("select = []\nignore = [\n")
    with pytest.raises(SpecError) as caught:
        read(tmp_path)
    (problem,) = caught.value.problems
    assert problem.code == "E020"
    assert problem.span is not None
    assert problem.span.line in (2, 3)


def test_values(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.rfcalc]\nignore = ["RF304"]\nbaseline = "x.json"\n[tool.rfcalc.per-path."a*"]\nseverity = {RF2 = "error"}\n'
    )
    settings = read(tmp_path / "below" / "further")
    assert (settings.folder, settings.baseline) == (tmp_path, str(tmp_path / "x.json"))
    assert settings.of("abc.yaml").severity == {"RF2": "error"}
    assert settings.of("bcd.yaml").ignore == ("RF304",)


def test_the_longest_beginning_says_how_severe_a_code_is(tmp_path: Path) -> None:
    (tmp_path / "rfcalc.toml").write_text('severity = {RF2 = "error", RF205 = "warning", ALL = "warning"}\n')
    settings = read(tmp_path)
    assert [settings.severity_of(code, "error") for code in ("RF201", "RF205", "RF501")] == ["error", "warning", "warning"]
    assert settings.severity_of("RF2", "warning") == "error"
