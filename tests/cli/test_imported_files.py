"""Ultralytics' and darknet's files in every command that takes a spec."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.run import Result
from tests.importers import cfg_files, row_files


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "yolov8.yaml").write_text(row_files.FILES["yolov8"])
    deeper = row_files.FILES["yolov8"].replace("- [-1, 6, C2f, [512, True]]", "- [-1, 9, C2f, [512, True]]")
    (tmp_path / "my-yolov8n.yaml").write_text(deeper)
    (tmp_path / "yolov3-tiny.cfg").write_text(cfg_files.FILES["yolov3-tiny"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("columns", [80, 160])
def test_analyze(rfcalc: Callable[..., Result], folder: Path, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    result = rfcalc("analyze", "yolov8n.yaml", "yolov3-tiny.cfg", "--full")
    assert result.code == 0
    assert "3,157,200" in result.out
    assert "8,852,366" in result.out
    rows = [line for line in result.out.splitlines() if "conv 3x3" in line]
    assert all(len(line) <= columns for line in rows)
    assert any(line.split()[0].endswith("m.0.cv1.conv") for line in rows)
    folded = rfcalc("analyze", "yolov8n.yaml").out.splitlines()
    assert len(folded) < 60


def test_analyze_as_data(rfcalc: Callable[..., Result], folder: Path) -> None:
    found = json.loads(rfcalc("analyze", "yolov8n.yaml", "--format", "json", "-s", "nc=20", "--input", "3x320x320").out)
    assert found["name"] == "yolov8n"
    assert found["input"]["size"] == [320, 320]
    assert found["layers"][0]["line"] == 5
    assert found["outputs"][0] == "model.22.level.0"


def test_diff(rfcalc: Callable[..., Result], folder: Path) -> None:
    result = rfcalc("diff", "yolov8n.yaml", "my-yolov8n.yaml", "--exit-code")
    assert result.code == 1
    assert "model.6.m.2.cv1.conv" in result.out
    assert "7 added" in result.out


def test_diff_with_a_revision(rfcalc: Callable[..., Result], folder: Path) -> None:
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"]):
        subprocess.run(["git", *words], check=True)
    (folder / "yolov8.yaml").write_text((folder / "my-yolov8n.yaml").read_text())
    result = rfcalc("diff", "yolov8n.yaml", "--base", "HEAD", "--exit-code")
    assert result.code == 1
    assert "model.6.m.2.cv1.conv" in result.out
    assert rfcalc("diff", "yolov3-tiny.cfg", "--base", "HEAD", "--exit-code").code == 0


def test_a_finding_is_silenced_on_its_row(rfcalc: Callable[..., Result], folder: Path) -> None:
    rows = "ch: 8\nbackbone:\n  - [-1, 1, Conv, [8, 1, 2]]\n"
    (folder / "net.yaml").write_text(rows)
    result = rfcalc("check", "net.yaml", "--format", "concise")
    assert result.code == 1
    assert "net.yaml:3:5: warning RF203" in result.out
    code = result.out.split("net.yaml:3:5: ")[1].split()[0]
    (folder / "net.yaml").write_text(rows.rstrip() + f"  # rfcalc: ignore[{code}]\n")
    assert rfcalc("check", "net.yaml").code == 0


def test_check_and_its_places(rfcalc: Callable[..., Result], folder: Path) -> None:
    assert rfcalc("check", "yolov8n.yaml", "yolov3-tiny.cfg").code == 0
    result = rfcalc("check", "yolov8n.yaml", "--max-params", "1M", "--format", "concise")
    assert result.code == 1
    assert "3.16 M" in result.out


def test_show_is_read_again(rfcalc: Callable[..., Result], folder: Path) -> None:
    for name, params in (("yolov8n.yaml", "3,157,200"), ("yolov3-tiny.cfg", "8,852,366")):
        (folder / "shown.yaml").write_text(rfcalc("show", name).out)
        assert params in rfcalc("analyze", "shown.yaml").out


def test_a_mistake_is_exit_2(rfcalc: Callable[..., Result], folder: Path) -> None:
    (folder / "bad.yaml").write_text("backbone:\n  - [-1, 1, Cnov, [8]]\n")
    result = rfcalc("analyze", "bad.yaml")
    assert result.code == 2
    assert "bad.yaml:2:13: error E612" in result.err
    assert "^^^^" in result.err
    assert 'did you mean "Conv"?' in result.err
