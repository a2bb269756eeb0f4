"""Linear layers as convolutions: equal at the original size, a map on a larger image."""

from __future__ import annotations

import pytest
import torch

from rfcalc.backends.torch.build import to_torch
from rfcalc.errors import RuleError
from rfcalc.graph import Builder, Graph
from rfcalc.layers.vocabulary.source import Input
from rfcalc.relations.shape import Shape
from rfcalc.transforms import apply
from tests.transforms.networks import State, close, net, run, shipped, weights

HEAD = """\
input: 3x28x28
layers:
  - {name: c1, conv: {out: 6, k: 3, act: relu}}
  - maxpool: 2
  - {name: c2, conv: {out: 8, k: 3, s: 2, norm: bn, act: relu}}
  - flatten
  - dropout
  - {name: fc1, linear: {out: 20, act: relu}}
  - {name: fc2, linear: {out: 5, bias: false}}
  - softmax
"""


def mapped(graph: Graph, new: Graph, state: State) -> State:
    """Each linear weight in the shape of its convolution, each number per channel in that of a map; all others as they are."""
    found, shapes = {}, {key: value.shape for key, value in to_torch(new, dtype=torch.float64).state_dict().items()}
    for key, value in state.items():
        name = key.removesuffix(".weight")
        node = new.nodes[new.by_name[name]] if name in new.by_name else None
        if node is not None and node.op.word == "conv" and value.ndim == 2:
            value = value.reshape(value.shape[0], node.shapes[0].channels, *kernel(node))
        elif value.ndim == 1 and value.numel() == shapes[key].numel():
            value = value.reshape(shapes[key])
        found[key] = value
    return found


def kernel(node: object) -> tuple[int, ...]:
    size = node.op.kernel  # type: ignore[attr-defined]
    return size if isinstance(size, tuple) else (size,) * node.shape.rank  # type: ignore[attr-defined]


def enlarged(graph: Graph, size: tuple[int, ...]) -> Graph:
    builder = Builder(graph.name, graph.source)
    for node in graph.nodes:
        op = Input(Shape(node.shape.channels, size)) if node.is_input else node.op
        builder.add(node.name, op, node.inputs)
    return builder.graph(graph.outputs)


@pytest.mark.parametrize(
    "graph",
    [
        net(HEAD),
        net("input: 3x28x20\nlayers: [conv: {out: 4, k: 3}, {name: fc, linear: 7}]\n"),
        net("input: 3x28x28\nlayers: [conv: {out: 4, k: 3}, {name: p, adaptivepool: 7}, {name: fc, linear: 7}]\n"),
        net("input: 3x28x28\nlayers: [conv: {out: 4, k: 3}, {name: p, gmp: {}}, {name: fc, linear: 7}]\n"),
        shipped("resnet18", input="3x64x64"),
        shipped("mobilenet_v2", input="3x64x64"),
    ],
    ids=["flatten", "oblong", "adaptive", "gmp", "resnet18", "mobilenet_v2"],
)
def test_equal_at_the_original_size_and_a_map_beyond(graph: Graph) -> None:
    new = apply(graph, "fully-convolutional").graph
    assert not any(node.op.word in ("linear", "flatten") for node in new.nodes)
    state = weights(graph)
    before = run(graph, state)
    state = mapped(graph, new, state)
    after = run(new, state)
    last, now = graph.nodes[graph.outputs[0]].name, new.nodes[new.outputs[0]].name
    assert last == now
    assert after[now].shape[2:] == (1, 1)
    assert close(before[last], after[now].flatten(1))
    size = tuple(2 * n for n in graph.nodes[graph.inputs[0]].shape.size)
    larger = enlarged(new, size)
    found = run(larger, state, (torch.randn(1, 3, *size, dtype=torch.float64),))
    assert min(found[now].shape[2:]) > 1


def test_each_unit_of_the_map_is_the_network_on_a_window() -> None:
    """Without padding, the map on a larger image holds the original's outputs on each window, one after the other."""
    graph = net("input: 1x12x12\nlayers: [conv: {out: 4, k: 3, p: 0}, maxpool: 2, {name: fc, linear: 3}]\n")
    new = enlarged(apply(graph, "fully-convolutional").graph, (16, 18))
    state = weights(graph)
    image = torch.randn(1, 1, 16, 18, dtype=torch.float64)
    found = run(new, mapped(graph, new, state), (image,))["fc"]
    assert found.shape[2:] == (3, 4)
    for y in range(3):
        for x in range(4):
            window = image[:, :, 2 * y : 2 * y + 12, 2 * x : 2 * x + 12]
            assert close(run(graph, state, (window,))["fc"], found[:, :, y, x])


def test_gates_keep_their_global_pool() -> None:
    new = apply(shipped("se_resnet50"), "fully-convolutional").graph
    words = [node.op.word for node in new.nodes]
    assert "avgpool" in words
    assert "linear" not in words


def test_vgg_as_in_the_paper() -> None:
    """7x7x512 -> 4096, as in FCN: the same parameters."""
    graph = shipped("vgg16")
    new = apply(graph, "fully-convolutional").graph
    fc6 = new.nodes[new.by_name["fc6"]].op
    assert (fc6.kernel, fc6.out) == (7, 4096)  # type: ignore[attr-defined]
    assert sum(node.cost.params for node in new.nodes) == 138_357_544
    assert sum(node.cost.macs for node in new.nodes) == 15_470_264_320


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input: 3x8x8\nlayers: [conv: {out: 4, k: 3}]\n", "no linear layer"),
        ("input: 3x8x8\nlayers: [flatten, bn, linear: 3]\n", "keeps something for each number"),
        ("input: 3x8x8\nlayers: [flatten, bn: {affine: false}, linear: 3]\n", "keeps something for each number"),
        ("input: 3x8x8\nlayers: [flatten, softmax, linear: 3]\n", "mixes the numbers"),
        ("input: 3x10x10\nlayers: [{name: p, adaptivepool: 3}, linear: 3]\n", "not all of one size"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        apply(net(text), "fully-convolutional")
