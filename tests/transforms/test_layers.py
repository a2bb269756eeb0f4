"""Transforms of single layers, each with its weights mapped: equal where it says so, different where it does not."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from rfcalc.errors import RuleError
from rfcalc.graph import Graph
from rfcalc.layers.vocabulary.conv import Conv
from rfcalc.layers.vocabulary.resize import Upsample
from rfcalc.transforms import apply
from tests.transforms.networks import State, close, net, run, shipped, weights


def total(graph: Graph, what: str) -> int:
    return sum(getattr(node.cost, what) for node in graph.nodes)


def output(graph: Graph, state: State) -> Tensor:
    return run(graph, state)[graph.nodes[graph.outputs[0]].name]


def phases(weight: Tensor, stride: int, groups: int) -> Tensor:
    """A transposed weight (in, out/g, k...) as that of the convolution (out * s^n, in/g, k/s...): tap m-1-t of phase f is
    tap f + s t of the original, on each axis."""
    rank = weight.ndim - 2
    parts = weight.reshape(groups, weight.shape[0] // groups, weight.shape[1], *weight.shape[2:]).transpose(1, 2)
    # (g, out/g, in/g, k...) -> split each k into (m, s)
    shape = [n for k in weight.shape[2:] for n in (k // stride, stride)]
    parts = parts.reshape(groups, weight.shape[1], weight.shape[0] // groups, *shape)
    order = [0, 1, *(4 + 2 * i for i in range(rank)), 2, *(3 + 2 * i for i in range(rank))]
    parts = parts.permute(*order).flip(list(range(3 + rank, 3 + 2 * rank)))
    return parts.reshape(
        groups * weight.shape[1] * stride**rank, weight.shape[0] // groups, *(k // stride for k in weight.shape[2:])
    )


def unphased(weight: Tensor, stride: int, groups: int, rank: int) -> Tensor:
    """The way back."""
    out = weight.shape[0] // stride**rank
    parts = weight.reshape(groups, out // groups, *(stride,) * rank, weight.shape[1], *weight.shape[2:])
    parts = parts.flip(list(range(3 + rank, 3 + 2 * rank)))
    order = [0, 2 + rank, 1, *(n for i in range(rank) for n in (3 + rank + i, 2 + i))]
    size = (k * stride for k in weight.shape[2:])
    return parts.permute(*order).reshape(groups * weight.shape[1], out // groups, *size)


UPS = [
    "upconv: {out: 6, k: 2, s: 2}",
    "upconv: {out: 6, k: 4, s: 2, p: 1}",
    "upconv: {out: 3, k: 6, s: 2, p: 2}",
    "upconv: {out: 6, k: 6, s: 3, p: 2, output_padding: 1, g: 2}",
    "upconv: {out: 5, k: 8, s: 4, p: 2, bias: false}",
    "upconv: {out: 6, k: [4, 2], s: 2, p: [1, 0]}",
    "upconv: {out: 6, k: 4, s: 2, p: 3}",
    "upconv: {out: 6, k: 2, s: 2, p: 5}",
    "upconv: {out: 6, k: 9, s: 3, p: 7, output_padding: 2}",
    "upconv: {out: 4, k: 8, s: 4, p: [1, 3]}",
]


@pytest.mark.parametrize("layer", UPS)
def test_subpixel_is_equal(layer: str) -> None:
    graph = net(f"input: 4x7x9\nlayers:\n  - {{name: up, {layer}}}\n  - relu\n")
    outcome = apply(graph, "subpixel")
    assert "upconv" not in {node.op.word for node in outcome.graph.nodes}
    op: Any = graph.nodes[1].op
    state = weights(graph)
    new = {"up.weight": phases(state["up.weight"], op.stride, op.groups)}
    if "up.bias" in state:
        new["up.bias"] = state["up.bias"].repeat_interleave(op.stride**2)
    assert close(output(graph, state), output(outcome.graph, new))


@pytest.mark.parametrize(
    "layer",
    ["{out: 12, k: 3}", "{out: 18, k: 3, p: 0}", "{out: 8, k: 1}", "{out: 16, k: 3, g: 2}", "{out: 4, k: 5, bias: false}"],
)
def test_transposed_is_equal(layer: str) -> None:
    ratio = 3 if "18" in layer else 2
    graph = net(f"input: 4x7x9\nlayers:\n  - {{name: c, conv: {layer}}}\n  - {{name: s, pixelshuffle: {ratio}}}\n  - relu\n")
    outcome = apply(graph, "transposed")
    assert [node.op.word for node in outcome.graph.layers] == ["upconv", "relu"]
    state = weights(graph)
    new = {"c.weight": unphased(state["c.weight"], ratio, graph.nodes[1].op.groups, 2)}  # type: ignore[attr-defined]
    if "c.bias" in state:
        new["c.bias"] = state["c.bias"].reshape(-1, ratio**2)[:, 0]
        state["c.bias"] = new["c.bias"].repeat_interleave(ratio**2)  # one bias per output channel, as a transposed one has
    assert close(output(graph, state), output(outcome.graph, new))


def test_transposed_says_what_it_asks_of_the_bias() -> None:
    outcome = apply(shipped("espcn"), "transposed")
    assert "bias" in outcome.equivalence


def test_there_and_back() -> None:
    graph = net("input: 4x7x9\nlayers:\n  - {name: up, upconv: {out: 6, k: 6, s: 2, p: 2}}\n")
    back = apply(apply(graph, "subpixel").graph, "transposed").graph
    assert [node.op.word for node in back.layers] == ["upconv"]
    assert total(back, "params") == total(graph, "params")


KINDS = """\
input: 3x9x9
layers:
  - {name: a, conv: {out: 4, k: 3, norm: bn}}
  - {name: b, upconv: {out: 5, k: 2, s: 2, norm: {bn: {affine: false, eps: 0.1}}}}
  - {name: c, dwconv: {k: 3, bias: false, norm: bn}}
  - {name: d, linear: 3}
  - bn
"""
SHARED = """\
input: 3x9x9
layers:
  - {name: a, conv: {out: 4, k: 3}}
  - {name: n, bn: {}, from: a}
  - {name: b, conv: {out: 4, k: 3, norm: bn}, from: a}
  - {name: s, add: {}, from: [n, b]}
"""


def folded(graph: Graph, new: Graph, state: State) -> State:
    """Weights and biases scaled by the norm behind each layer."""
    found = dict(state)
    gone = {node.name for node in graph.nodes if node.op.word == "bn"} - set(new.by_name)
    for node in graph.nodes:
        if node.name not in gone:
            continue
        before = graph.nodes[node.inputs[0]]
        read = {key: found.pop(f"{node.name}.{key}", None) for key in ("weight", "bias", "running_mean", "running_var")}
        found.pop(f"{node.name}.num_batches_tracked")
        scale = (1.0 if read["weight"] is None else read["weight"]) / torch.sqrt(read["running_var"] + node.op.eps)  # type: ignore[attr-defined, operator]
        weight = found[f"{before.name}.weight"]
        found[f"{before.name}.weight"] = weight * scaled(scale, weight, before.op)
        bias = found.get(f"{before.name}.bias", torch.zeros((), dtype=torch.float64))
        shift = 0.0 if read["bias"] is None else read["bias"]
        found[f"{before.name}.bias"] = (bias - read["running_mean"]) * scale + shift
    return found


def scaled(scale: Any, weight: Tensor, op: Any) -> Any:
    """One number per output channel, in the shape of a weight; a transposed one is (in, out/g, k...)."""
    if isinstance(scale, float):
        return scale
    ones = (1,) * (weight.ndim - 2)
    if op.word != "upconv":
        return scale.reshape(-1, 1, *ones)
    return scale.reshape(op.groups, 1, -1).expand(-1, len(weight) // op.groups, -1).reshape(len(weight), -1, *ones)


@pytest.mark.parametrize(
    "graph",
    [
        shipped("resnet18", input="3x64x64"),
        shipped("mobilenet_v2", input="3x64x64"),
        net(KINDS),
    ],
    ids=["resnet18", "mobilenet_v2", "kinds"],
)
def test_folded_norms_are_equal_in_evaluation_mode(graph: Graph) -> None:
    new = apply(graph, "fold-bn").graph
    assert not any(node.op.word == "bn" for node in new.nodes)
    state = weights(graph)
    assert close(output(graph, state), output(new, folded(graph, new, state)))


def test_a_norm_that_has_no_layer_of_its_own_stays() -> None:
    graph = net(SHARED)
    outcome = apply(graph, "fold-bn")
    assert [node.name for node in outcome.graph.nodes if node.op.word == "bn"] == ["n"]
    assert "n" in outcome.notes[0]
    with pytest.raises(RuleError, match="no batch norm has"):
        apply(net("input: 3x9x9\nlayers: [bn, relu]\n"), "fold-bn")


COUNTED = """\
input: 16x8x8
layers:
  - {name: a, conv: {out: 16, k: 3}, counts: {params: 0}}
  - {name: n, bn: {}, counts: {params: 0}}
  - {name: u, upconv: {out: 16, k: 2, s: 2}, counts: {params: 5}}
  - {name: c, conv: {out: 16, k: 3}, counts: {macs: 7}}
  - {name: s, pixelshuffle: 2}
"""


@pytest.mark.parametrize("asked", ["fold-bn", "group-norm", "separable", "bottleneck", "subpixel", "transposed", "resize-conv"])
def test_layers_with_counts_of_their_own_are_no_other_layers(asked: str) -> None:
    with pytest.raises(RuleError, match=r"^(there is )?no "):
        apply(net(COUNTED), asked)


def test_what_a_folded_norm_leaves_of_given_counts() -> None:
    outcome = apply(net(COUNTED + "  - {name: d, conv: {out: 4, k: 1, bias: false}}\n  - {name: e, bn: {}}\n"), "fold-bn")
    assert outcome.changed == ("d", "e")
    assert outcome.notes[0].endswith(": n")


def test_a_masked_convolution_takes_its_norm() -> None:
    graph = net("input: 3x9x9\nlayers:\n  - {name: a, maskedconv: {out: 4, k: 3, mask: A, bias: false}}\n  - bn\n")
    new, state = apply(graph, "fold-bn").graph, weights(graph)
    assert close(output(graph, state), output(new, folded(graph, new, state)))


def test_a_bottleneck_repeats_nothing_that_moves_channels() -> None:
    graph = net(
        "input: 16x9x9\nlayers:\n  - {name: a, conv: {out: 32, k: 3, norm: bn}}\n  - {name: s, channelshuffle: 8}\n  - relu\n"
    )
    words = [node.op.word for node in apply(graph, "bottleneck").graph.layers]
    assert words == ["conv", "bn", "conv", "bn", "conv", "bn", "channelshuffle", "relu"]


def test_separable_takes_what_the_rule_of_thumb_says() -> None:
    graph = net("input: 8x32x32\nlayers:\n  - {name: a, conv: {out: 64, k: 3, s: 2, bias: false}}\n")
    outcome = apply(graph, "separable")
    assert total(outcome.graph, "macs") == total(graph, "macs") * (1 / 64 + 1 / 9)
    assert outcome.equivalence.startswith("not equivalent")
    said = f"1/C_out + 1/k^2 says {1 / 64 + 1 / 9:.4f}, the rule of thumb 1/k^2 {1 / 9:.4f}"
    assert f"take {1 / 64 + 1 / 9:.4f} of their MACs; {said}" in outcome.notes[0]
    assert [node.name for node in outcome.graph.layers] == ["a_dw", "a"]
    assert outcome.graph.nodes[-1].shape == graph.nodes[-1].shape


def test_separable_is_a_full_convolution_of_rank_one() -> None:
    """The factorized layer equals the full one whose filters are the products; so the geometry is right."""
    graph = net("input: 3x11x13\nlayers:\n  - {name: a, conv: {out: 4, k: 3, s: 2, d: 2, p: [[1, 2], [0, 1]]}}\n")
    new = apply(graph, "separable").graph
    state = weights(new)
    full = {"a.weight": state["a.weight"] * state["a_dw.weight"].transpose(0, 1), "a.bias": state["a.bias"]}
    assert close(output(new, state), output(graph, full))


def test_group_norm_carries_its_scales_over() -> None:
    graph = net("input: 3x9x9\nlayers:\n  - {name: a, conv: {out: 12, k: 3, norm: bn}}\n")
    outcome = apply(graph, "group-norm=8")
    (norm,) = [node for node in outcome.graph.nodes if node.op.word == "gn"]
    assert norm.op.groups == 6  # type: ignore[attr-defined]
    assert "a_bn: 6" in outcome.notes[0]
    state = weights(graph)
    new = {key: value for key, value in state.items() if "running" not in key and "tracked" not in key}
    assert not close(output(graph, state), output(outcome.graph, new))
    usual = apply(shipped("resnet50"), "group-norm").graph
    assert total(usual, "params") == 25_557_032


def test_bottleneck_repeats_norm_and_activation() -> None:
    graph = net(
        "input: 16x9x9\ndefaults: {conv: {norm: bn, act: relu, bias: false}}\n"
        "layers:\n  - {name: a, conv: {out: 32, k: 3, s: 2}}\n"
    )
    outcome = apply(graph, "bottleneck")
    assert [node.op.word for node in outcome.graph.layers] == ["conv", "bn", "relu", "conv", "bn", "relu", "conv", "bn", "relu"]
    assert total(outcome.graph, "macs") == 16 * 8 * 81 + 9 * 64 * 25 + 8 * 32 * 25
    assert outcome.graph.nodes[-1].shape == graph.nodes[-1].shape
    assert outcome.graph.nodes[-1].name == graph.nodes[-1].name
    assert run(outcome.graph, weights(outcome.graph))


def test_resize_conv_keeps_the_shape() -> None:
    graph = net("input: 4x7x9\nlayers:\n  - {name: up, upconv: {out: 6, k: 3, s: 2, p: 1, output_padding: 1}}\n")
    outcome = apply(graph, "resize-conv")
    assert [node.op.word for node in outcome.graph.layers] == ["upsample", "conv"]
    assert outcome.graph.nodes[-1].shape == graph.nodes[-1].shape
    assert "up" not in " ".join(outcome.notes)
    assert {node.op.kernel for node in outcome.graph.layers if isinstance(node.op, Conv)} == {3}
    wide = apply(graph, "resize-conv=5").graph
    assert wide.nodes[-1].op.kernel == 5  # type: ignore[attr-defined]


FITTED = [
    "{out: 6, k: 3, s: 2}",
    "{out: 6, k: 3, s: 2, p: 1, output_padding: 1}",
    "{out: 6, k: 64, s: 32}",
    "{out: 6, k: [6, 5], s: 2, p: [2, 1]}",
    "{out: 6, k: [4, 1], s: [4, 1], p: 0}",
    "{out: 6, k: 2, s: 4, output_padding: 3}",
    "{out: 6, k: 3, s: 2, p: 4, g: 2}",
    "{out: 6, k: 3, s: 3, d: 4, p: 2, output_padding: 3}",
]


@pytest.mark.parametrize("layer", FITTED)
def test_resize_conv_upsamples_by_the_stride_around_the_same_middle(layer: str) -> None:
    graph = net(f"input: 4x7x9\nlayers:\n  - {{name: up, upconv: {layer}}}\n")
    new = apply(graph, "resize-conv").graph
    scales = [node.op.scale for node in new.layers if isinstance(node.op, Upsample)]
    assert scales == [graph.nodes[1].op.stride]  # type: ignore[attr-defined]
    assert new.nodes[-1].shape == graph.nodes[-1].shape
    assert new.nodes[-1].op.groups == graph.nodes[-1].op.groups  # type: ignore[attr-defined]
    # the unit that reads most of an image's middle pixel, before and after, by the weights of an average
    places = [_middle(graph), _middle(new)]
    for before, after in zip(*places, strict=True):
        assert abs(before - after) <= 0.5


def _middle(graph: Graph) -> list[float]:
    """On each axis, the mean place of the outputs that change with the middle unit of the input; all weights are one."""
    state = {name: torch.ones_like(tensor) for name, tensor in weights(graph).items()}
    image = torch.zeros(1, 4, 7, 9, dtype=torch.float64)
    still = run(graph, state, (image,))
    image[:, :, 3, 4] = 1
    seen = run(graph, state, (image,))
    name = graph.nodes[-1].name
    share = (seen[name] - still[name])[0, 0]
    places = (torch.arange(n, dtype=torch.float64) for n in share.shape)
    return [float((share.sum(dim=1 - axis) * place).sum() / share.sum()) for axis, place in enumerate(places)]


def test_resize_conv_of_a_fcn_costs_what_its_kernel_says() -> None:
    graph = shipped("fcn32s")
    outcome = apply(graph, "resize-conv")
    assert total(outcome.graph, "macs") < 1.01 * total(graph, "macs")


def test_subpixel_makes_no_unit_more_than_it_needs() -> None:
    graph = shipped("lessons/subpixel")
    outcome = apply(graph, "subpixel")
    assert total(outcome.graph, "macs") == total(graph, "macs")
    assert [node.op.word for node in outcome.graph.layers] == ["conv", "pixelshuffle", "conv", "pixelshuffle"]


@pytest.mark.parametrize(
    ("layers", "asked", "message"),
    [
        ("conv: {out: 4, k: 3}", "subpixel", "no transposed convolution$"),
        ("pixelshuffle: 2", "subpixel", "transposed is the way back"),
        ("upconv: {out: 4, k: 3, s: 2}", "subpixel", "no multiple of the stride"),
        ("upconv: {out: 4, k: 4, s: 4, d: 2}", "subpixel", "dilated"),
        ("upconv: {out: 4, k: 4, s: [2, 4]}", "subpixel", "one stride"),
        ("upconv: {out: 4, k: 2, s: 2, output_padding: 1}", "subpixel", "output_padding"),
        ("relu: {}", "subpixel", "no transposed"),
        ("relu: {}", "resize-conv", "no transposed"),
        ("relu: {}", "transposed", "no convolution"),
        ("relu: {}", "separable", "no standard"),
        ("relu: {}", "group-norm", "no batch norm"),
        ("relu: {}", "bottleneck", "no standard"),
        ("relu: {}", "bottleneck=1", "ratio from 2"),
        ("relu: {}", "resize-conv=4", "odd kernel"),
        ("relu: {}", "resize-conv=x", "odd kernel"),
        ("relu: {}", "group-norm=x", "number of groups"),
        ("relu: {}", "group-norm=", "takes =GROUPS"),
        ("relu: {}", "subpixel=2", "takes nothing"),
        ("relu: {}", "subpixl", 'did you mean "subpixel"'),
    ],
)
def test_refusals(layers: str, asked: str, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        apply(net(f"input: 4x8x8\nlayers:\n  - {{{layers}}}\n"), asked)


def test_only_chosen_layers_change() -> None:
    graph = net("input: 8x9x9\nlayers:\n  - {name: a, conv: {out: 8, k: 3}}\n  - {name: b, conv: {out: 8, k: 3}}\n")
    outcome = apply(graph, "separable", lambda node: node.name == "b")
    assert [node.name for node in outcome.graph.layers] == ["a", "b_dw", "b"]
    assert outcome.changed == ("b",)


TWICE = """\
input: 8x8x8
layers:
  - {name: a, conv: {out: 8, k: 3, bias: false, norm: bn}}
  - {name: b, conv: {out: 8, k: 3, bias: false, norm: bn}, weights: a}
  - {name: c, conv: {out: 8, k: 3}}
"""


def test_layers_that_share_their_weights_stay_together() -> None:
    graph = apply(net(TWICE), "group-norm=4").graph
    assert [graph.nodes[i].name for node in graph.nodes if (i := node.weights) is not None] == ["a", "a_bn"]
    with pytest.raises(RuleError, match='"a" shares its weights with another layer'):
        apply(net(TWICE), "separable")
    assert apply(net(TWICE), "separable", lambda node: node.name == "c").changed == ("c",)
    with pytest.raises(RuleError, match="no batch norm has"):
        apply(net(TWICE), "fold-bn")
    with pytest.raises(RuleError, match='"a_bn" is gn, not bn'):
        apply(net(TWICE), "group-norm=4", lambda node: node.name == "a_bn")
