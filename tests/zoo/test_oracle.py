"""What units of the shipped networks see, pixel by pixel, against the gradients of the same network in float64.

The networks are narrowed (a field does not depend on the width) and the images of the largest made smaller. Checked are
the outputs and three layers within, at corners, at an edge and in the middle.
"""

from __future__ import annotations

from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any

import pytest
from oracle.checks import box_of
from oracle.network import Oracle

from rfcalc.analyses.receptive_field import Fields
from rfcalc.graph import Builder, Graph
from rfcalc.importers import load, shipped

LESSONS = [name for name, _ in shipped() if name.startswith("lessons/")]
WIDE = {
    "lessons/aspp": 4,
    "lessons/bottleneck": 4,
    "lessons/fc_as_convolution": 32,
    "lessons/group_convolution": 4,
    "lessons/separable": 4,
    "lessons/stacks_of_3x3": 4,
    "lessons/unproductive": 32,
}
# what each layer's `out` is divided by (where it is a multiple), and what makes the rest small
NETWORKS: dict[str, tuple[int, dict[str, str]]] = {
    "alexnet": (16, {}),
    "cpm": (32, {}),
    "deepercut": (32, {"input": "3x352x352"}),
    "deeplabv3_resnet50": (32, {"input": "3x265x265"}),
    "deeplabv3plus": (8, {"input": "3x257x257"}),
    "espcn": (16, {"input": "1x40x48"}),
    "fcn16s": (32, {"input": "3x150x180"}),
    "fcn32s": (32, {"input": "3x150x180"}),
    "fcn8s": (32, {"input": "3x150x180"}),
    "head_pose": (32, {}),
    "hourglass": (32, {"stacks": "2"}),
    "mobilenet_v2": (8, {}),
    "pspnet101": (32, {"input": "3x233x233"}),
    "resnet101": (32, {"stride_in": "1x1"}),
    "resnet152": (32, {"input": "3x160x160"}),
    "resnet18": (32, {"input": "3x225x193"}),
    "resnet34": (32, {"stride_in": "1x1"}),
    "resnet3d18": (32, {"input": "3x9x64x64"}),
    "resnet50": (32, {}),
    "se_resnet50": (4, {"input": "3x97x97"}),
    "srresnet": (32, {"input": "3x24x24"}),
    "ssd300": (32, {}),
    "tcn": (25, {}),
    "unet": (32, {"input": "1x268x284"}),
    "vgg11": (32, {}),
    "vgg13": (32, {}),
    "vgg16": (32, {}),
    "vgg19": (32, {}),
    "wavenet": (32, {"input": "256x6000", "stacks": "2"}),
    "yolov2": (32, {"input": "3x320x320"}),
} | {name: (WIDE.get(name, 1), {}) for name in LESSONS}


def narrowed(graph: Graph, divisor: int) -> Graph:
    """The same layers with fewer output channels, which see the same."""
    builder = Builder(graph.name, graph.source)
    for node in graph.nodes:
        op: Any = node.op
        if any(field.name == "out" for field in fields_of(op)) and isinstance(op.out, int) and op.out % divisor == 0:
            op = replace(op, out=op.out // divisor)
        builder.add(node.name, op, node.inputs)
    return builder.graph(graph.outputs)


def chosen(graph: Graph) -> list[int]:
    """The outputs (of many, the first and the last) and three layers within."""
    count = len(graph.nodes)
    return sorted({graph.outputs[0], graph.outputs[-1], count // 4, count // 2, 3 * count // 4} - set(graph.inputs))


def units_of(size: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Two corners, an edge, the middle."""
    last, middle = tuple(n - 1 for n in size), tuple(n // 2 for n in size)
    return list(dict.fromkeys([(0,) * len(size), last, (*last[:1], *middle[1:]), middle]))


@pytest.mark.parametrize("name", NETWORKS)
def test_what_units_see(name: str) -> None:
    divisor, overrides = NETWORKS[name]
    graph = narrowed(load(name, overrides), divisor)
    fields, oracle = Fields(graph), Oracle(graph)
    for index in chosen(graph):
        node = graph.nodes[index]
        assert (node.shape.channels, *node.shape.size) == oracle.shape(index), node.name
        for unit in units_of(node.shape.size):
            claim, reads = fields.unit(index, unit), oracle.reads(index, unit)
            assert claim.clipped == box_of(reads), f"{node.name} {unit}"
            assert claim.pixels == int(reads.sum()), f"{node.name} {unit}"


def test_every_network_is_here() -> None:
    assert {name for name, _ in shipped()} == set(NETWORKS)
