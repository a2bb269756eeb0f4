"""Baselines that somebody else wrote: what is no figure is named at its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.running import rfcalc

NET = "input: 3x8x8\nlayers: [{conv: {out: 2, k: 3}}]\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(NET)
    assert rfcalc("check", "net.yaml", "--write-baseline").code == 0
    return tmp_path / "rfcalc.lock.json"


@pytest.mark.parametrize(
    "value", ["1e999", "-1e999", "NaN", "Infinity", '"7"', "[7]", '{"a": 7}', "true", "9" * 5000, "-" + "9" * 400]
)
def test_what_is_no_figure_has_a_place(here: Path, value: str) -> None:
    text = here.read_text()
    lines = [line.lstrip().startswith('"params"') for line in text.splitlines()]
    here.write_text(text.replace('"params": 56', f'"params": {value}'))
    run = rfcalc("check", "net.yaml")
    assert run.code == 2
    place = f"rfcalc.lock.json:{lines.index(True) + 1}:7"
    assert f"{place}: error E022: params of net.yaml: a figure is a number or null" in run.out


def test_without_its_lines_the_file_is_the_place(here: Path) -> None:
    here.write_text(json.dumps({"version": 1, "networks": {"net.yaml": {"params": "x"}}}))
    assert "rfcalc.lock.json:1:1: error E022: params of net.yaml" in rfcalc("check", "net.yaml").out


@pytest.mark.parametrize("text", ["[" * 100000, "\0\0"])
def test_what_is_no_json_is_a_mistake(here: Path, text: str) -> None:
    here.write_text(text)
    run = rfcalc("check", "net.yaml")
    assert run.code == 2
    assert "error E0" in run.out


def test_a_device_is_not_read_until_memory_ends(here: Path) -> None:
    assert "larger than 16 MB" in rfcalc("check", "net.yaml", "--baseline", "/dev/zero").out
