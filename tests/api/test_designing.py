"""New designs, changes and transforms in Python: those of the commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from torch import nn

import rfcalc
from tests.cli.run import run

LINE = {"name": "line", "input": "3x64x64", "layers": [{"name": "a", "conv": {"out": 4, "k": 3}}]}
BOXES = "image_width,image_height,xmin,ymin,xmax,ymax\n512,512,0,0,90,80\n512,512,0,0,60,50\n"
FOLDER = Path(__file__).parents[2]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a command prints as JSON."""
    monkeypatch.delenv("COLUMNS", raising=False)
    return lambda *words: json.loads(run(capsys, monkeypatch, *words, "--format", "json").out)


def test_designs_are_those_of_the_command(said: Any) -> None:
    found = rfcalc.design(90, stride=16, max_params="2 M")
    assert found.to_dict() == said("design", "--target", "90", "--stride", "16", "--max-params", "2M")
    assert [one.params <= 2_000_000 for one in found] == [True] * len(found)
    assert (found.best, found.best.field) == (found[found.choice.index], 97)
    assert found.why in repr(found)
    assert str(found).startswith(f"{len(found)} designs that no other one beats")
    analysis = rfcalc.analyze(found.to_yaml())
    assert (analysis.params, analysis.outputs[0].field.size) == (found.best.params, (97, 97))
    assert rfcalc.analyze(found.to_yaml(found[0])).macs == found[0].macs


def test_the_image_and_the_limits() -> None:
    assert str(rfcalc.design(90, (1, 200, 300), stride=8, stages=3).space.input) == "1x200x300"
    assert str(rfcalc.design(90, 256, widths=(8, 16, 32, 64), stem=4).space.input) == "3x256x256"
    assert all(one.macs <= 2e9 for one in rfcalc.design(90, max_macs=2e9))


def test_a_data_set(tmp_path: Path) -> None:
    (tmp_path / "boxes.csv").write_text(BOXES)
    assert (
        rfcalc.design(dataset=tmp_path / "boxes.csv").space.target
        == rfcalc.design("p90", dataset=tmp_path / "boxes.csv").space.target
    )
    assert rfcalc.design("median", dataset=tmp_path / "boxes.csv").space.target < 90


@pytest.mark.parametrize(
    ("given", "error", "hint"),
    [
        ({}, rfcalc.SpecError, "target=224"),
        ({"target": "big"}, rfcalc.SpecError, "not 'big'"),
        ({"target": 90, "kernels": (2,)}, rfcalc.SpecError, "odd"),
        ({"target": 90, "max_params": "10"}, rfcalc.SpecError, "without limits it takes"),
        ({"target": 90, "max_params": ">= 3"}, rfcalc.SpecError, "max_params takes"),
        ({"target": 90, "images": "fit"}, ValueError, "letterbox"),
        ({"target": 90, "input": "3x8x8"}, TypeError, "input takes 512"),
    ],
)
def test_what_is_no_design(given: dict[str, Any], error: type[Exception], hint: str) -> None:
    with pytest.raises(error, match=hint):
        rfcalc.design(**given)


def test_changes_are_those_of_the_command(said: Any) -> None:
    found = rfcalc.resize("resnet18", 300)
    assert found.to_dict() == said("resize", "resnet18", "--target", "300")
    assert found.best is not None
    assert found.best in list(found)
    assert min(rfcalc.analyze(found.to_yaml()).last_spatial.field.size) == found.best.figures.field  # type: ignore[union-attr, arg-type]
    assert repr(found) == f"<{len(found)} changes of resnet18 after which layer4.1.relu sees 300 pixels>"
    assert rfcalc.resize("resnet18", 300, 256).to_dict() == said(
        "resize", "resnet18", "--target", "300", "--input", "3x256x256"
    )


def test_changes_of_a_dict() -> None:
    found = rfcalc.resize(LINE, 9)
    assert rfcalc.analyze(found.to_yaml()).outputs[0].field.size == (9, 9)
    assert rfcalc.resize(LINE, 3).best is None
    assert rfcalc.resize({**LINE, "object_size": 9}).task.target == 9


def test_changes_of_a_live_module() -> None:
    found = rfcalc.resize(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3)), 9, (3, 32, 32))
    assert found.best is not None
    assert rfcalc.analyze(found.to_yaml()).outputs[0].field.size == (9, 9)


def test_what_is_no_change() -> None:
    with pytest.raises(TypeError):
        rfcalc.resize(3, 9)  # type: ignore[arg-type]
    with pytest.raises(rfcalc.SpecError, match="target=224"):
        rfcalc.resize("resnet18")
    with pytest.raises(rfcalc.SpecError, match="no layer matches"):
        rfcalc.resize("resnet18", 300, layer="lyer*")
    with pytest.raises(rfcalc.SpecError, match="1 to 1,048,576 pixels"):
        rfcalc.resize("resnet18", 0)
