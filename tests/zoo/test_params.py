"""The params of the shipped networks: one file, several networks."""

from __future__ import annotations

import pytest

from rfcalc.analyses.receptive_field import Fields
from rfcalc.errors import SpecError
from rfcalc.graph import Graph
from rfcalc.importers import load

SIBLINGS = [
    ("resnet50", {"depth": "101"}, "resnet101"),
    ("resnet50", {"depth": "152"}, "resnet152"),
    ("resnet101", {"depth": "50"}, "resnet50"),
    ("resnet18", {"depth": "34"}, "resnet34"),
    ("vgg16", {"depth": "11"}, "vgg11"),
    ("vgg16", {"depth": "13"}, "vgg13"),
    ("vgg11", {"depth": "19"}, "vgg19"),
    ("fcn8s", {"stride": "16"}, "fcn16s"),
    ("fcn8s", {"stride": "32"}, "fcn32s"),
    ("resnet18", {"classes": "3"}, "head_pose"),
]


def facts(graph: Graph) -> list[tuple[object, ...]]:
    return [(node.name, node.op, node.inputs, node.shape, node.cost) for node in graph.nodes]


@pytest.mark.parametrize(("name", "overrides", "same"), SIBLINGS, ids=[f"{row[0]}-{row[2]}" for row in SIBLINGS])
def test_an_override_makes_the_sibling(name: str, overrides: dict[str, str], same: str) -> None:
    assert facts(load(name, overrides)) == facts(load(same))


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"])
def test_stride_placement_keeps_shapes_and_parameters(name: str) -> None:
    """The paper's first pool has no padding and rounds up: the maps keep their sizes at 224."""
    ours, paper = load(name), load(name, {"stride_in": "1x1"})
    assert [node.cost.params for node in ours.nodes] == [node.cost.params for node in paper.nodes]
    assert ours.nodes[ours.last_spatial or 0].shape == paper.nodes[paper.last_spatial or 0].shape
    assert sum(n.cost.macs for n in paper.nodes) <= sum(n.cost.macs for n in ours.nodes)


def test_a_depth_that_is_not_there() -> None:
    with pytest.raises(SpecError, match=r"no entry 20; there are 50, 101, 152"):
        load("resnet50", {"depth": "20"})


@pytest.mark.parametrize("size", [160, 256, 512])
def test_padded_unet_keeps_the_size(size: int) -> None:
    graph = load("unet", {"padding": "half", "input": f"1x{size}x{size}"})
    assert graph.nodes[-1].shape.size == (size, size)
    assert not any(Fields(graph).of(i).misaligned for i in range(len(graph.nodes)))


def test_padded_unet_needs_multiples_of_16() -> None:
    with pytest.raises(SpecError, match="inputs differ in size"):
        load("unet", {"padding": "half", "input": "1x200x200"})


@pytest.mark.parametrize("name", ["fcn8s", "pspnet101", "deeplabv3_resnet50", "deeplabv3plus"])
def test_segmentation_gives_the_size_of_its_input(name: str) -> None:
    graph = load(name, {"input": "3x321x417"})
    assert graph.nodes[graph.outputs[0]].shape.size == (321, 417)


def test_width_changes_no_field() -> None:
    narrow, wide = load("unet", {"width": "4"}), load("unet")
    assert [Fields(narrow).of(i).size for i in range(len(narrow.nodes))] == [
        Fields(wide).of(i).size for i in range(len(wide.nodes))
    ]
