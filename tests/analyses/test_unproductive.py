from __future__ import annotations

from rfcalc.analyses.network import analyze
from rfcalc.analyses.receptive_field import Fields
from rfcalc.analyses.unproductive import unproductive
from rfcalc.graph import Graph
from rfcalc.importers import load
from rfcalc.reports.parts.contract import layers_data
from tests.nets import Net, chain


def names(graph: Graph) -> set[str]:
    fields = Fields(graph)
    found = unproductive(graph, [fields.of(i).size_min for i in range(len(graph.nodes))], fields.image)
    return {graph.nodes[i].name for i in found}


def test_vgg16_on_small_images() -> None:
    """Richter 2021 train on images of 32 pixels, on which the last layers of VGG16 see more than the image."""
    sizes = {"conv1_1": 3, "conv1_2": 5, "conv2_1": 10, "conv2_2": 14, "conv3_1": 24, "conv3_2": 32, "conv3_3": 40}
    graph = load("vgg16", {"input": "3x32x32"})
    found = names(graph)
    convs = [node.name for node in graph.nodes if node.op.word == "conv"]
    assert [name for name in convs if name not in found] == convs[: len(sizes)]
    assert len(found) == len(convs) - len(sizes) + 3  # and the pools behind conv3_3, conv4_3 and conv5_3


def test_larger_than_the_image_not_as_large() -> None:
    layers = [("conv", {"out": 1, "kernel": 5}), ("conv", {"out": 1, "kernel": 5}), ("conv", {"out": 1, "kernel": 3})]
    assert names(chain((9, 9), *layers)) == set()
    assert names(chain((8, 8), *layers)) == {"conv3"}


def test_every_axis_must_be_exceeded() -> None:
    layers = [("conv", {"out": 1, "kernel": 9}), ("conv", {"out": 1, "kernel": 3})]
    assert names(chain((8, 20), *layers)) == set()


def test_only_layers_that_widen_count() -> None:
    graph = chain((4, 4), ("conv", {"out": 1, "kernel": 7}), ("conv", {"out": 1, "kernel": 1}), ("relu", {}), ("gap", {}))
    assert names(graph) == set()


def test_a_narrow_branch_is_still_productive() -> None:
    net = Net(1, (8, 8))
    wide = net("conv", net.input, out=1, kernel=11)
    net("conv", wide, name="wasted", out=1, kernel=3)
    net("conv", net.input, name="useful", out=1, kernel=3)
    assert names(net.graph()) == {"wasted"}


def test_marked_in_the_json() -> None:
    assert marked("resnet50", {}) == ["layer3.5.conv2", "layer4.0.conv2", "layer4.1.conv2", "layer4.2.conv2"]
    assert not marked("resnet50", {"input": "3x512x512"})


def marked(name: str, overrides: dict[str, str]) -> list[str]:
    layers = layers_data(analyze(load(name, overrides)).layers)
    return [str(layer["name"]) for layer in layers if layer.get("unproductive")]
