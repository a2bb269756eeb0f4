"""From a spec to torch to ONNX and back: the same figures. Both of torch's writers' habits are met: all layers kept, and norms
folded into convolutions."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

import rfcalc
from rfcalc.backends.torch.build import random_inputs, to_torch
from rfcalc.backends.torch.onnx_export import onnx_bytes
from rfcalc.graph import Graph
from rfcalc.importers import load
from rfcalc.language.files import shipped_files

# Shipped networks at small inputs; "" is their own.
NETWORKS = {
    "alexnet": "3x96x96",
    "espcn": "1x40x40",
    "mobilenet_v2": "3x64x64",
    "resnet18": "3x64x64",
    "srresnet": "3x12x12",
    "tcn": "",
    "lessons/skip_connections": "",
    "lessons/aspp": "",
    "lessons/channel_shuffle": "",
    "lessons/checkerboard": "",
    "lessons/group_convolution": "",
    "lessons/lost_pixels": "",
    "lessons/multi_output": "",
    "lessons/normalization": "",
    "lessons/res2net": "",
    "lessons/resize_convolution": "",
    "lessons/subpixel": "",
}


def loaded(name: str) -> Graph:
    return load(name, {"input": NETWORKS[name]} if NETWORKS[name] else {})


def figures(graph: Graph) -> list[Any]:
    """Of each layer with MACs: its shape, MACs, and field; of each output its shape and field."""
    analysis = rfcalc.analyze(graph)
    outputs = {graph.nodes[i].name for i in graph.outputs}
    rows = [
        (str(layer.node.shape), layer.macs, layer.field.size, layer.field.start, layer.field.coverage, layer.name in outputs)
        for layer in analysis.layers
        if layer.macs
    ]
    ends = [
        (layer.node.shape.elements, layer.field.size, layer.field.center) for layer in analysis.layers if layer.name in outputs
    ]
    return [sorted(rows, key=repr), sorted(ends, key=repr)]


def totals(graph: Graph) -> tuple[int, int]:
    return sum(layer.cost.params for layer in graph.layers), sum(layer.cost.macs for layer in graph.layers)


SMALL = """fcn8s fcn16s fcn32s yolov2 vit_b16 hourglass deepercut resnet34 resnet50 resnet101 resnet152 se_resnet50
head_pose""".split()  # noqa: SIM905
SMALLER = dict.fromkeys(SMALL, "3x64x64") | {"unet": "1x188x188", "resnet3d18": "3x4x32x32"}
SMALLER |= dict.fromkeys(("deeplabv3_resnet50", "deeplabv3plus", "pspnet101"), "3x65x65")
UNREAD = ("yolov2", "lessons/zero_insertion")
FEW = ("espcn", "tcn", "lessons/multi_output", "lessons/checkerboard", "lessons/channel_shuffle")


@pytest.mark.parametrize("name", [name if name in FEW else pytest.param(name, marks=pytest.mark.slow) for name in NETWORKS])
def test_the_same_figures(tmp_path: Path, name: str) -> None:
    graph = loaded(name)
    path = tmp_path / "net.onnx"
    path.write_bytes(onnx_bytes(graph))
    again = load(str(path))
    assert totals(again) == totals(graph)
    assert figures(again) == figures(graph)


LONG = """cpm deepercut deeplabv3_resnet50 deeplabv3plus fcn16s fcn32s fcn8s hourglass pspnet101 resnet101 resnet152 resnet34
ssd300 vgg11 vgg13 vgg16 vgg19 vit_b16 wavenet yolov2 unet3d hrnet_w18 inception_v3 convnext_t
efficientnet_b0 lessons/fc_as_convolution resnet50 se_resnet50 head_pose mobilenet_v3_large unet""".split()  # noqa: SIM905
ASKED = pytest.mark.skipif(not os.environ.get("RFCALC_LONG"), reason="half a minute each: RFCALC_LONG=1 runs them")
OTHERS = sorted({*shipped_files()} - NETWORKS.keys())


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(name, marks=ASKED) if name in LONG else name for name in OTHERS])
def test_every_other_shipped_network(tmp_path: Path, name: str) -> None:
    """Written, checked by onnx and onnxruntime, and read again (but for UNREAD, whose units move one by one)."""
    graph = load(name, {"input": SMALLER[name]} if name in SMALLER else {})
    path = tmp_path / "net.onnx"
    path.write_bytes(onnx_bytes(graph))
    if name not in UNREAD:
        assert totals(load(str(path))) == totals(graph)


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18"])
def test_norms_folded_into_convolutions(tmp_path: Path, name: str) -> None:
    """Each norm of C channels leaves C biases of its 2 C numbers; nothing else changes."""
    graph = loaded(name)
    module = to_torch(graph, seed=0).eval()
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, random_inputs(graph), buffer, dynamo=False, opset_version=17)
    path = tmp_path / "net.onnx"
    path.write_bytes(buffer.getvalue())
    again = load(str(path))
    channels = sum(layer.shape.channels for layer in graph.layers if layer.op.word == "bn")
    params, macs = totals(graph)
    assert totals(again) == (params - channels, macs)
    assert figures(again)[1] == figures(graph)[1]


def test_an_imported_model_becomes_torch_again(tmp_path: Path) -> None:
    """So that it can be timed."""
    graph = loaded("resnet18")
    path = tmp_path / "net.onnx"
    path.write_bytes(onnx_bytes(graph))
    module = to_torch(load(str(path)))
    assert sum(p.numel() for p in module.parameters()) == totals(graph)[0]
    assert module.eval()(*random_inputs(graph)).shape == (1, 1000)
