"""`rfcalc convert`."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.importers import load
from rfcalc.language.load import load_spec
from tests.cli.run import run

MODEL = "import torch\n\ndef net():\n    return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU())\n"


def test_a_spec_to_standard_output(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(capsys, monkeypatch, "convert", "resnet50", "-s", "depth=101")
    assert (result.code, result.err) == (0, "")
    found, wanted = load_spec(result.out, "x.yaml"), load("resnet50", {"depth": "101"})
    assert [(node.name, node.shape) for node in found.nodes] == [(node.name, node.shape) for node in wanted.nodes]


def test_a_torch_model_to_a_file(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    target = tmp_path / "net.yaml"
    result = run(capsys, monkeypatch, "convert", f"{tmp_path / 'model.py'}:net", "--input", "3x9x9", "-o", str(target))
    assert (result.code, result.out) == (0, "")
    assert target.read_text().endswith('layers:\n  - {name: "0", conv: {out: 8, k: 3, p: 0, act: relu}}\n')
    assert load(str(target)).layers[0].cost.params == 3 * 8 * 9 + 8


@pytest.mark.parametrize("source", ["nowhere.yaml", "nowhere.py:net"])
def test_what_cannot_be_read_is_an_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str
) -> None:
    target = tmp_path / "net.yaml"
    result = run(capsys, monkeypatch, "convert", source, "-o", str(target))
    assert result.code == 2
    assert "error E" in result.err
    assert not target.exists()


def test_a_place_that_cannot_be_written_is_an_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = run(capsys, monkeypatch, "convert", "resnet18", "-o", str(tmp_path / "missing" / "net.yaml"))
    assert (result.code, "E302" in result.err) == (2, True)
