"""The data of a page, beside its fields."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc import analyze
from rfcalc.page.data import network_data


def test_a_page_says_nothing_of_the_folders_of_who_made_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    spec = tmp_path / "nets" / "a.yaml"
    spec.write_text("input: 1x8x8\nlayers: [conv: {out: 1, k: 3}]\n")
    assert network_data(analyze(spec))["source"] == "nets/a.yaml"
    assert network_data(analyze("resnet18"))["source"] == "resnet18.yaml"
    monkeypatch.chdir(tmp_path / "nets")
    assert network_data(analyze(tmp_path / "nets" / "a.yaml"))["source"] == "a.yaml"
