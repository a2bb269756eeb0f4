"""Models that decide by values: what comes before is followed, the rest is named."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from rfcalc.importers import load
from rfcalc.importers.torch.load import load_module
from tests.running import rfcalc

DETECTOR = f"{Path(__file__).parent / 'models' / 'boxes.py'}:Detector"


def test_the_part_before_and_the_name_of_the_rest() -> None:
    run = rfcalc("analyze", DETECTOR, "--input", "3x32x32", "--format", "json")
    network = json.loads(run.out)
    assert network["outputs"] == ["proposals.head.scores", "proposals.head.scores_2"]
    assert network["not_followed"].startswith("followed up to stem, down, proposals.head; the rest of proposals depends on")
    assert network["not_followed"].endswith("(boxes.py:27) and is not analysed, nor is second")
    layers = {layer["name"]: layer for layer in network["layers"]}
    assert layers["proposals.head.tower.0_2"]["weights"] == "proposals.head.tower.0"
    assert "crop" in layers  # written in place before
    assert (layers["second"]["op"], layers["second"]["params"]) == ("unused", 8)
    text = rfcalc("analyze", DETECTOR, "--input", "3x32x32", "--summary").out
    assert "at least 279 kMACs" in text
    assert "Not all of it" in text
    assert rfcalc("verify", DETECTOR, "--input", "3x32x32").code == 0


def test_figures_are_those_of_the_parts() -> None:
    graph = load(DETECTOR, {"input": "3x32x32"})
    module = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, 2, 1))
    head = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 1, 1))
    with FlopCounterMode(display=False) as counter:
        x = module[0](torch.empty(1, 3, 32, 32))
        head(x), head(module[1](x))
    assert 2 * sum(node.cost.macs for node in graph.nodes) == counter.get_total_flops()


class Early(nn.Module):
    """It decides before anything has run."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.conv(x) if x.sum() > 0 else x
        return found


def test_where_nothing_comes_before_it_is_refused() -> None:
    with pytest.raises(Exception, match="depends on the values of its tensors"):
        load_module(Early(), "3x8x8")


def test_the_module_stays_as_it_is() -> None:
    module = Early()
    with pytest.raises(Exception, match="depends"):
        load_module(module, "3x8x8")
    assert "forward" not in vars(module)
    assert module(torch.ones(1, 3, 8, 8)).shape == (1, 3, 8, 8)


# parameters as torchvision publishes them
PUBLISHED = {"retinanet_resnet50_fpn": 34_014_999, "fasterrcnn_resnet50_fpn": 41_755_286, "ssd300_vgg16": 35_641_826}


@pytest.mark.slow
@pytest.mark.skipif(find_spec("torchvision") is None, reason="needs torchvision")
@pytest.mark.parametrize("name", PUBLISHED)
def test_detectors_of_torchvision(name: str) -> None:
    graph = load(f"torchvision.models.detection:{name}", {"input": "3x320x320"})
    assert sum(node.cost.params for node in graph.nodes) == PUBLISHED[name]
    assert "depends on the values of tensors" in graph.rest
