"""Transforms in Python: those of the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from torch import nn

import rfcalc
from tests.cli.run import run


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a command prints as JSON."""
    monkeypatch.delenv("COLUMNS", raising=False)
    return lambda *words: json.loads(run(capsys, monkeypatch, *words, "--format", "json").out)


def test_transforms_are_those_of_the_command(said: Any, tmp_path: Path) -> None:
    found = rfcalc.transform("resnet18", ["fully-convolutional", "output-stride=8"], layers=["layer*", "fc"])
    words = ["--to", "fully-convolutional", "--to", "output-stride=8", "--layer", "layer*", "--layer", "fc"]
    told = said("transform", "resnet18", *words, "-o", str(tmp_path / "net.yaml"))
    assert found.to_dict() == told
    assert found.to_yaml() == told["spec"] == (tmp_path / "net.yaml").read_text()
    assert rfcalc.analyze(found.graph)["layer4.1.relu"].field.stride == (8, 8)
    assert [word for word, _ in found.steps] == ["fully-convolutional", "output-stride=8"]


def test_a_transform_of_a_live_module() -> None:
    found = rfcalc.transform(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), "fold-bn", (3, 8, 8))
    assert found.equal
    assert rfcalc.analyze(found.to_yaml()).params == 3 * 4 * 9 + 4
    assert repr(found) == "<Sequential, transformed: fold-bn>"


def test_what_is_no_transform() -> None:
    with pytest.raises(rfcalc.SpecError, match='did you mean "separable"'):
        rfcalc.transform("resnet18", "seprable")
    with pytest.raises(rfcalc.SpecError, match="no layer matches"):
        rfcalc.transform("resnet18", "separable", layers="lyer*")
    with pytest.raises(TypeError, match="output-stride=8"):
        rfcalc.transform("resnet18", [])
