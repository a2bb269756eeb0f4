"""`--format FORMAT=FILE`: reports in files, beside what standard output shows."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.repositories import NET
from tests.running import rfcalc


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "bad.yaml").write_text("layers: [convv]\n")
    return tmp_path


OVER = ("check", "net.yaml", "--max-params", "1k")


def test_several_at_once(folder: Path) -> None:
    run = rfcalc(*OVER, "-f", "sarif=out.sarif", "--format", "concise", "-f", "junit=report.xml", "-f", "gitlab=g.json")
    assert run.code == 1
    assert run.out == rfcalc(*OVER, "-f", "concise").out
    for name, format in (("out.sarif", "sarif"), ("report.xml", "junit"), ("g.json", "gitlab")):
        assert (folder / name).read_text() == rfcalc(*OVER, "-f", format).out
    assert json.loads((folder / "out.sarif").read_text())["runs"][0]["results"]
    ElementTree.parse(folder / "report.xml")


def test_standard_output_goes_on_as_usual(folder: Path) -> None:
    assert rfcalc(*OVER, "-f", "sarif=out.sarif").out == rfcalc(*OVER).out
    assert rfcalc(*OVER, "-f", "json=-").out == rfcalc(*OVER, "-f", "json").out
    assert not (folder / "-").exists()


def test_diff_and_specs_that_cannot_be_read(folder: Path) -> None:
    run = rfcalc("diff", "net.yaml", "bad.yaml", "-f", "sarif=out.sarif")
    assert run.code == 2
    assert "E102" in run.out
    assert json.loads((folder / "out.sarif").read_text())["runs"][0]["invocations"][0]["executionSuccessful"] is False


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-f", "json", "-f", "full"), "standard output has one format, not json and full"),
        (("-f", "sarfi=x"), 'did you mean "sarif"'),
        (("-f", "sarif="), "names no file"),
        (("-f", "sarif=x", "-f", "json=x"), "names x twice"),
    ],
)
def test_bad_usage(folder: Path, words: tuple[str, ...], says: str) -> None:
    run = rfcalc(*OVER, *words)
    assert run.code == 2
    assert says in " ".join(run.err.replace("│", " ").split())
    assert not (folder / "x").exists()


def test_a_file_that_cannot_be_written(folder: Path) -> None:
    run = rfcalc(*OVER, "-f", "sarif=no/such/out.sarif", "-f", "json=fine.json")
    assert run.code == 2
    assert "RF501" in run.out
    assert run.err.startswith("error E302: cannot write no/such/out.sarif: ")
    assert json.loads((folder / "fine.json").read_text())["findings"]


def test_the_old_report_stays_where_writing_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (folder / "out.sarif").write_text("old")
    before = sorted(path.name for path in folder.iterdir())
    monkeypatch.setattr(os, "replace", full)
    assert rfcalc(*OVER, "-f", "sarif=out.sarif").code == 2
    assert (folder / "out.sarif").read_text() == "old"
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_link_stays_one(folder: Path) -> None:
    (folder / "real.json").write_text("old")
    (folder / "real.json").chmod(0o640)
    (folder / "out.json").symlink_to("real.json")
    assert rfcalc(*OVER, "-f", "json=out.json").code == 1
    assert (folder / "out.json").is_symlink()
    assert json.loads((folder / "real.json").read_text())["findings"]
    assert (folder / "real.json").stat().st_mode & 0o777 == 0o640
