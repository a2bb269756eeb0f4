"""Files of other formats, as specs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rfcalc.converting import convert, written
from rfcalc.converting.proof import difference
from rfcalc.importers import load, own_spec
from rfcalc.language.load import load_spec
from tests.converting.networks import Inceptions, ResNet
from tests.converting.test_round_trip import check
from tests.importers import cfg_files, row_files


@pytest.mark.parametrize("network", [ResNet, Inceptions])
def test_onnx(network: type[torch.nn.Module], tmp_path: Path) -> None:
    """An exported network has the names of its modules, and so the blocks of the module itself."""
    path = str(tmp_path / "net.onnx")
    torch.onnx.export(network().eval(), (torch.zeros(1, 3, 64, 64),), path, dynamo=False)
    text = check(load(path))
    named = load(f"{Path(__file__).parent / 'networks.py'}:{network.__name__}", {"input": "3x64x64"})
    assert abs(len(text.splitlines()) - len(convert(named).splitlines())) <= 2
    assert "blocks:" in text


def test_the_spec_that_an_importer_writes_is_taken_where_it_is_not_much_longer(tmp_path: Path) -> None:
    path = tmp_path / "yolov8n.yaml"
    path.write_text(row_files.FILES["yolov8"])
    graph = load(str(path))
    text = written(str(path), {}, graph)
    assert text == own_spec(str(path), {})
    assert difference(graph, load_spec(text, "x.yaml")) is None
    check(graph)


def test_the_repeats_of_a_darknet_file_are_found(tmp_path: Path) -> None:
    path = tmp_path / "darknet53.cfg"
    path.write_text(cfg_files.FILES["darknet53"])
    graph = load(str(path))
    for text in (check(graph), written(str(path), {}, graph)):
        assert text.count("repeat: 8") == 2
        assert len(text.splitlines()) < 40


def test_an_importer_whose_own_spec_is_another_network_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "yolov8n.yaml"
    path.write_text(row_files.FILES["yolov8"])
    graph = load(str(path))
    right = own_spec(str(path), {})
    assert right is not None
    monkeypatch.setattr("rfcalc.converting.own_spec", lambda *given: right.replace("out: 16", "out: 24", 1))
    assert written(str(path), {}, graph) == convert(graph)


def test_specs_have_none_of_their_own() -> None:
    assert own_spec("resnet50", {}) is None
