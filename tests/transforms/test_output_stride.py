"""Strides as dilations: the units of the original lie on the finer map, each with its value and its field."""

from __future__ import annotations

import random

import pytest

from rfcalc.analyses.receptive_field import Fields
from rfcalc.errors import RuleError, SpecError
from rfcalc.graph import Graph
from rfcalc.transforms import apply
from tests.transforms.networks import close, net, run, shipped, weights


def holds(graph: Graph, stride: int, until: str = "") -> Graph:
    """Checks every layer (before `until`) on the grid, and that every field is what it was."""
    outcome = apply(graph, f"output-stride={stride}")
    new = outcome.graph
    state = weights(graph)
    before, after = run(graph, state), run(new, state)
    old_fields, new_fields = Fields(graph), Fields(new)
    finer = 0
    for index, node in enumerate(graph.nodes):
        if node.name == until:
            break
        if not node.shape.rank or node.is_input:
            continue
        coarse, fine = before[node.name], after[node.name]
        a, b = old_fields.of(index), new_fields.of(new.by_name[node.name])
        assert a.stride
        assert b.stride
        rate = [int(s / t) for s, t in zip(a.stride, b.stride, strict=True)]
        grid = fine[(slice(None), slice(None), *(slice(None, None, r) for r in rate))]
        assert close(coarse, grid), node.name
        finer += max(rate) > 1
        assert a.size == b.size, node.name
        if a.start and b.start:
            assert a.start == b.start
    assert finer
    return new


CHAIN = """\
input: 2x45x38
layers:
  - {name: a, conv: {out: 4, k: 5, s: 2, norm: bn, act: relu}}
  - {name: p, maxpool: {k: 3, s: 2, p: 1}}
  - {name: b, conv: {out: 6, k: 3, s: 2, g: 2}}
  - residual: {main: [{name: c, conv: {out: 6, k: 3}}, {name: d, dwconv: {k: 3, d: 2}}], skip: []}
  - {name: e, conv: {out: 6, k: 3, s: 2, p: same}}
  - branches: {x: [conv: {out: 4, k: 1}], y: [maxpool: {k: 2, s: 1, p: [[0, 1], [1, 0]]}, conv: {out: 4, k: 3}]}
    merge: concat
  - {name: f, conv: {out: 5, k: 2, s: 2, p: 0}}
  - {name: g, conv: {out: 5, k: 3, p: 1}}
"""


@pytest.mark.parametrize("stride", [1, 2, 4, 8, 16])
def test_a_chain_of_everything_that_slides(stride: int) -> None:
    holds(net(CHAIN), stride)


def test_random_networks() -> None:
    rng, done = random.Random(3), 0
    for _ in range(40):
        lines = [f"input: 2x{rng.randint(20, 60)}x{rng.randint(20, 60)}", "layers:"]
        for i in range(rng.randint(3, 7)):
            k, s, d = rng.choice([1, 2, 3, 5]), rng.choice([1, 1, 2, 3]), rng.choice([1, 1, 2])
            padding = rng.choice(["half", "same", "valid", "0", "1"]) if k % 2 else rng.choice(["same", "valid", "0"])
            word = rng.choice(["conv", "conv", "maxpool", "dwconv"])
            if word == "maxpool" and padding == "1":
                padding = "half" if k > 1 and k % 2 else "0"
            settings = f"k: {k}, s: {s}, d: {d}, p: {padding}" + (", out: 3" if word == "conv" else "")
            lines.append(f"  - {{name: l{i}, {word}: {{{settings}}}}}")
        try:
            graph = net("\n".join(lines) + "\n")
            new = apply(graph, "output-stride=2")
        except (SpecError, RuleError):  # no network, or one that the transform refuses
            continue
        assert new.changed
        holds(graph, 2)
        done += 1
    assert done > 10


def test_resnet_up_to_the_pooling_and_deeplab_s_figure() -> None:
    new = holds(shipped("resnet18", input="3x97x97"), 8, until="avgpool")
    assert new.nodes[new.by_name["layer4.1.relu"]].shape.size == (13, 13)
    outcome = apply(shipped("resnet50"), "output-stride=8")
    assert sum(node.cost.macs for node in outcome.graph.nodes) == 19_079_364_608
    assert "avgpool" in outcome.equivalence
    ops = {node.name: node.op for node in outcome.graph.nodes}
    assert [ops[f"layer4.{i}.conv2"].dilation for i in range(3)] == [2, 4, 4]  # type: ignore[attr-defined]
    assert [ops[f"layer3.{i}.conv2"].dilation for i in (0, 1, 5)] == [1, 2, 2]  # type: ignore[attr-defined]


def test_shift_and_stitch() -> None:
    """All shifts of the image through the strided network, interleaved, are the one pass of the dilated network."""
    import torch

    text = "input: 1x{0}x{0}\nlayers:\n  - {{name: a, conv: {{out: 3, k: 3, s: 2, p: 0}}}}\n"
    text += "  - {{name: p, maxpool: {{k: 2, s: 2}}}}\n  - {{name: b, conv: {{out: 2, k: 3, p: 0}}}}\n"
    graph = net(text.format(31))
    dense = apply(graph, "output-stride=1").graph
    state = weights(graph)
    image = torch.randn(1, 1, 31, 31, dtype=torch.float64)
    stitched = run(dense, state, (image,))["b"]
    for y in range(4):
        for x in range(4):
            shifted = image[:, :, y : y + 27, x : x + 27]
            small = run(net(text.format(27)), state, (shifted,))["b"]
            part = stitched[:, :, y::4, x::4][:, :, : small.shape[2], : small.shape[3]]
            assert close(small, part)


def test_both_transforms_compose() -> None:
    for name in ("resnet18", "vgg11"):
        graph = shipped(name)
        first = apply(graph, "fully-convolutional").graph
        second = apply(first, "output-stride=8").graph
        assert second.nodes[second.outputs[0]].shape.rank == 2
        assert {node.name for node in graph.layers} >= {node.name for node in second.layers}


@pytest.mark.parametrize(
    "norm",
    [
        "gn: 2",
        "instancenorm: {}",
        "layernorm: {over: all, affine: false}",
        "normalize: {pattern: c y x -> c, function: layernorm}",
    ],
)
def test_a_norm_over_the_map_has_other_statistics(norm: str) -> None:
    layers = f"[{{name: c, conv: {{out: 4, k: 3, s: 2}}}}, {{name: n, {norm}}}]"
    graph = net(f"input: 3x16x16\nlayers: {layers}\n")
    outcome = apply(graph, "output-stride=1")
    assert not outcome.equal
    assert "up to n, which" in outcome.equivalence
    holds(graph, 1, until="n")
    assert apply(net("input: 3x16x16\nlayers: [conv: {out: 4, k: 3, s: 2}, layernorm]\n"), "output-stride=1").equal


@pytest.mark.parametrize(
    ("text", "stride", "message"),
    [
        ("input: 3x8x8\nlayers: [conv: {out: 4, k: 3}]\n", "8", "no layer takes the stride beyond 8"),
        ("input: 3x8x8\nlayers: [conv: {out: 4, k: 3}]\n", "many", "takes a number"),
        ("input: 3x8x8\nlayers: [conv: {out: 4, k: 3, s: 2}, positions]\n", "1", "parameters for each unit of 4x4x4"),
        ("input: 3x8x8\nlayers: [conv: {out: 4, k: 3, s: 2}, layernorm: all]\n", "1", "parameters for each unit of 4x4x4"),
        ("input: 3x8x8\nlayers: [{name: c, conv: {out: 4, k: 3, s: 2}}, linear: 3]\n", "1", "fully-convolutional first"),
        (
            "input: 3x8x8\nlayers: [{conv: {out: 4, k: 3, s: 2}}, {upconv: {out: 4, k: 2, s: 2}}]\n",
            "1",
            "does not pass dilation on",
        ),
        ("input: 3x9x9\nlayers: [{conv: {out: 4, k: 3, s: 2}}, {avgpool: {k: 3, s: 1, p: 1}}]\n", "1", "has padding"),
        (
            "input: 3x9x9\nlayers: [{conv: {out: 4, k: 3, s: 2}, counts: {params: 0}}]\n",
            "1",
            'conv "conv" has counts of its own',
        ),
        ("input: 3x9x9\nlayers: [{conv: {out: 4, k: 3, s: 2}}, {gap: {axis: 1}}]\n", "1", "does not pass dilation on"),
        ("input: 3x7x7\nlayers: [{maxpool: {k: 2, s: 2, ceil_mode: true}}, {maxpool: {k: 2, s: 2}}]\n", "1", "no finer form"),
        (
            "input: 3x9x9\nlayers: [{conv: {out: 4, k: 3, s: 2}}, {conv: {out: 4, k: 3, padding_mode: reflect}}]\n",
            "1",
            "pads with reflect",
        ),
    ],
)
def test_refusals(text: str, stride: str, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        apply(net(text), f"output-stride={stride}")
