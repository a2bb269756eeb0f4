"""One finding per place of a spec, however often a repeat or a block uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.running import rfcalc

NET = """input: 3x65x65
blocks:
  pair:
    layers:
      - {upconv: {out: 8, k: 3, s: 2}}
      - {upconv: {out: 8, k: 3, s: 2}}
      - {maxpool: {k: 4, s: 4}}
layers:
  - {repeat: 3, pair: {}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "net.yaml").write_text(NET)
    return tmp_path


CHECK = ("check", "net.yaml", "--select", "RF201")


def test_one_per_place() -> None:
    found = json.loads(rfcalc(*CHECK, "-f", "json").out)["findings"]
    assert [(f["line"], len(f["layers"])) for f in found] == [(5, 3), (6, 3)]
    assert all(f["layer"] == f["layers"][0] for f in found)
    run = rfcalc(*CHECK, "-f", "concise")
    assert run.out.count("(first of 3 layers): ") == 2
    assert run.out.splitlines()[-1].startswith("2 warnings in 1 of 1 network checked")


def test_two_limits_of_one_layer_are_two() -> None:
    run = rfcalc(
        "check", "net.yaml", "--select", "RF501", "--max-macs", "*upconv*=1", "--max-params", "*upconv*=1", "-f", "json"
    )
    found = json.loads(run.out)["findings"]
    assert len(found) == 4
    assert {len(f["layers"]) for f in found} == {3}


def test_networks_that_share_a_line(folder: Path) -> None:
    (folder / "other.yaml").write_text("extends: net.yaml\n")
    run = rfcalc("check", "net.yaml", "other.yaml", "--select", "RF201", "-f", "concise")
    assert len(run.out.splitlines()) == 3


def test_github_annotates_ten_lines_at_most(folder: Path) -> None:
    layers = "  - {upconv: {out: 8, k: 3, s: 2, p: 1}}\n  - {maxpool: {k: 2, s: 2}}\n" * 13
    (folder / "net.yaml").write_text(f"input: 3x64x64\nlayers:\n{layers}")
    lines = rfcalc("check", "net.yaml", "--select", "RF201", "--max-macs", "upconv=1", "-f", "github").out.splitlines()
    commands = [line for line in lines if line.startswith("::")]
    assert len(commands) == 10
    places = [line.split(",col")[0].split(" ")[1] for line in commands]
    assert len(set(places)) == 10
    assert "3 more in the job's summary:" in lines
    assert " RF201: " in lines[-2]


def test_findings_of_one_line_are_one_annotation() -> None:
    lines = rfcalc("check", "net.yaml", "--select", "RF201,RF501", "--max-macs", "*upconv*=1", "-f", "github").out.splitlines()
    commands = [line for line in lines if line.startswith("::")]
    assert [command.split(",title=")[0][:30] for command in commands] == [
        "::error file=net.yaml,line=5,c",
        "::error file=net.yaml,line=6,c",
    ]
    assert all("RF501 budget; RF201 checkerboard" in command for command in commands)
    assert all("%0A" in command for command in commands)


def test_a_list_of_changes_is_printed_once(folder: Path) -> None:
    (folder / "old.yaml").write_text(NET.replace("out: 8", "out: 16"))
    github = rfcalc("diff", "old.yaml", "net.yaml", "-f", "github").out
    assert "RF000" not in github
    markdown = rfcalc("diff", "old.yaml", "net.yaml", "-f", "markdown").out
    assert "RF000" not in markdown
    assert [line.split(" | ")[:2] for line in markdown.splitlines() if line.startswith("| changed")] == [
        ["| changed", "pair.0.upconv1"],
        ["| changed", "pair.0-2.upconv2"],
        ["| changed", "pair.0-2.maxpool"],
        ["| changed", "pair.1-2.upconv1"],
    ]
    notes = json.loads(rfcalc("diff", "old.yaml", "net.yaml", "-f", "json").out)["findings"]
    assert {n["code"] for n in notes} == {"RF000"}
    assert len({(n["line"], n["column"], n["name"]) for n in notes}) == len(notes)
