"""The critical path: it adds up to the field, and taking a layer's window away takes away what the layer adds."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from rfcalc.analyses.receptive_field import Fields
from rfcalc.analyses.why import Path, critical_paths
from rfcalc.graph import Builder, Graph
from rfcalc.importers import load
from tests.nets import Net, chain, unet


def paths(graph: Graph, target: int | None = None) -> tuple[Path, ...]:
    return critical_paths(graph, Fields(graph).supports, graph.outputs[0] if target is None else target).paths


def adds(graph: Graph, axis: int = 0) -> dict[str, Fraction]:
    path = paths(graph)[axis]
    return {graph.nodes[share.node].name: share.adds for share in path.shares}


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "vgg16", "mobilenet_v2", "unet", "espcn", "alexnet"])
def test_adds_up_to_the_field(name: str) -> None:
    graph = load(name)
    fields, target = Fields(graph), graph.last_spatial
    assert target is not None
    for path in critical_paths(graph, fields.supports, target).paths:
        size = fields.of(target).size
        assert size is not None
        assert path.size == 1 + sum(share.adds for share in path.shares) == size[path.axis]


def test_windows_add_k_minus_1_times_d_times_j() -> None:
    graph = load("resnet50")
    assert graph.last_spatial is not None
    path = paths(graph, graph.last_spatial)[0]
    stride, expected = 1, {}
    for stage, blocks in enumerate([0, 3, 4, 6, 3]):
        if not stage:
            expected.update({"conv1": 6, "maxpool": 4})
            stride = 4
        for block in range(blocks):
            expected[f"layer{stage}.{block}.conv2"] = 2 * stride
            stride *= 2 if stage > 1 and not block else 1
    assert {graph.nodes[share.node].name: share.adds for share in path.shares} == expected
    assert sum(expected.values()) == 426


def test_before_and_after() -> None:
    graph = chain(
        (40,), ("conv", {"out": 1, "kernel": 4, "stride": 2, "padding": ((3, 0),)}), ("conv", {"out": 1, "kernel": 3})
    )
    path = paths(graph)[0]
    assert [(share.before, share.after) for share in path.shares] == [(3, 0), (2, 2)]


def shrunk(graph: Graph, name: str) -> Graph:
    """The graph with one window of kernel 1 instead, which reads the middle tap."""
    builder = Builder("net", "net")
    for node in graph.nodes:
        op: Any = node.op
        builder.add(node.name, replace(op, kernel=1) if node.name == name else op, node.inputs)
    return builder.graph(graph.outputs)


@pytest.mark.parametrize("stride", [1, 2])
def test_taking_a_window_away_takes_what_it_adds(stride: int) -> None:
    settings = [(3, 1, 1), (5, stride, 1), (3, 1, 2), (7, stride, 1), (3, 1, 3)]
    graph = chain((200, 200), *(("conv", {"out": 1, "kernel": k, "stride": s, "dilation": d}) for k, s, d in settings))
    found = adds(graph)
    assert len(found) == len(settings)
    for name, by in found.items():
        less = shrunk(graph, name)
        sizes = [Fields(g).of(g.outputs[0]).size for g in (graph, less)]
        assert sizes[0] is not None
        assert sizes[1] is not None
        assert sizes[0][0] - sizes[1][0] == by


def test_the_widest_branch_is_taken() -> None:
    net = Net(1, (64, 64))
    narrow = net("conv", net.input, name="narrow", out=1, kernel=(3, 1))
    wide = net("conv", net("conv", net.input, name="first", out=1, kernel=3), name="second", out=1, kernel=(1, 5))
    net("concat", narrow, wide)
    graph = net.graph()
    assert adds(graph, 0) in ({"narrow": 2}, {"first": 2})
    assert adds(graph, 1) == {"first": 2, "second": 4}


def test_two_ends_on_two_branches() -> None:
    net = Net(1, (64,))
    left = net("conv", net.input, name="left", out=1, kernel=4, padding=((3, 0),))
    right = net("conv", net.input, name="right", out=1, kernel=6, padding=((0, 5),))
    net("add", left, right)
    graph = net.graph()
    path = paths(graph)[0]
    assert path.size == 9
    assert {(graph.nodes[s.node].name, s.before, s.after) for s in path.shares} == {("left", 3, 0), ("right", 0, 5)}


def test_one_branch_for_both_ends_if_there_is_one() -> None:
    net = Net(1, (64,))
    left = net("conv", net.input, name="left", out=1, kernel=3, padding=((2, 0),))
    both = net("conv", net.input, name="both", out=1, kernel=5)
    net("add", left, both)
    assert adds(net.graph()) == {"both": 4}


def test_phases_after_upsampling_add_up() -> None:
    """A 2x2 transposed convolution adds nothing in one phase; of a 3x3 after it, what is added depends on the phase."""
    graph = chain(
        (64,), ("maxpool", {"kernel": 2}), ("upconv", {"out": 1, "kernel": 2, "stride": 2}), ("conv", {"out": 1, "kernel": 3})
    )
    path = paths(graph)[0]
    assert path.size == 4
    assert sum(share.adds for share in path.shares) == 3
    assert Fields(graph).unit(3, path.unit).unclipped == [
        (path.unit[0] // 2 * 2 - 2 * (path.unit[0] % 2 == 0), path.unit[0] // 2 * 2 + 1 + 2 * (path.unit[0] % 2))
    ]


def test_global_paths_are_not_followed() -> None:
    net = Net(2, (32, 32))
    x = net("conv", name="body", out=2, kernel=3)
    gate = net("conv", net("gap", x), name="gate", out=2, kernel=1)
    net("mul", gate, x)
    assert adds(net.graph()) == {"body": 2}
    graph = chain((8, 8), ("gap", {}), ("conv", {"out": 1, "kernel": 1}))
    assert paths(graph) == ()


def test_selected_channels_are_followed() -> None:
    """Pixel shuffle after a concatenation: the phase of the unit tells which branch it comes from."""
    net = Net(1, (32,))
    narrow = net("conv", net.input, name="narrow", out=1, kernel=3)
    wide = net("conv", net.input, name="wide", out=1, kernel=9)
    net("pixelshuffle", net("concat", narrow, wide), ratio=2)
    graph = net.graph()
    path = paths(graph)[0]
    assert path.unit[0] % 2 == 1
    assert [graph.nodes[share.node].name for share in path.shares if share.adds > 1] == ["wide"]
    assert path.size == 9


def test_unet_on_two_axes() -> None:
    graph = unet(64, levels=2)
    first, second = paths(graph)
    assert (first.size, first.shares) == (second.size, second.shares)
