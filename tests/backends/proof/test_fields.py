from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings

from rfcalc.analyses.receptive_field import Fields
from rfcalc.backends.proof.fields import chosen_units, field_claims
from rfcalc.backends.proof.measured import measure
from rfcalc.backends.proof.positive import Positive, cut
from rfcalc.backends.proof.rebuild import enlarged, narrower, rebuilt
from rfcalc.backends.proof.rules import NoRuleError
from rfcalc.backends.torch.subject import subject
from rfcalc.graph import Graph
from rfcalc.importers import load
from rfcalc.layers.vocabulary import activation, conv, patches
from rfcalc.relations.geometry import shift
from rfcalc.relations.read import Read
from tests.nets import Net, chain, residual, unet
from tests.oracle.graphs import recipes
from tests.oracle.recipes import Recipe, build

Corrupt = Callable[[type, str, Any], None]
LAYERS: list[tuple[str, dict[str, Any]]] = [
    ("conv", {"out": 4, "kernel": 3, "stride": 2}),
    ("conv", {"out": 4, "kernel": 3, "dilation": 2, "groups": 2}),
    ("conv", {"out": 4, "kernel": 3, "padding_mode": "circular"}),
    ("conv", {"out": 4, "kernel": 3, "padding_mode": "reflect", "stride": 2}),
    ("conv", {"out": 4, "kernel": (3, 1), "padding": ((0, 2), 0)}),
    ("dwconv", {"kernel": 5}),
    ("upconv", {"out": 4, "kernel": 2, "stride": 3}),
    ("upconv", {"out": 4, "kernel": 4, "stride": 2, "padding": 1, "groups": 2}),
    ("maxpool", {"kernel": 3, "stride": 2, "padding": 1}),
    ("maxpool", {"kernel": 2, "ceil_mode": True}),
    ("maxpool", {"kernel": 2, "dilation": 3, "stride": 1}),
    ("maxpool", {"kernel": 2, "stride": 2, "padding": "same"}),
    ("avgpool", {"kernel": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
    ("adaptivepool", {"out": 3}),
    ("adaptivemaxpool", {"out": 4}),
    ("gap", {}),
    ("upsample", {"scale": 2.0, "mode": "bilinear"}),
    ("upsample", {"scale": 1.5, "mode": "nearest"}),
    ("upsample", {"size": 19, "mode": "bicubic"}),
    ("upsample", {"size": 21, "mode": "bilinear", "align_corners": True}),
    ("pixelshuffle", {"ratio": 2}),
    ("pixelunshuffle", {"ratio": 11}),
    ("pad", {"padding": 2, "mode": "replicate"}),
    ("crop", {"margin": 2}),
    ("channelshuffle", {"groups": 2}),
    ("slice", {"start": 1, "stop": 3}),
    ("roll", {"shift": (2, -3)}),
    ("layernorm", {}),
    ("lrn", {}),
    ("l2norm", {}),
    ("softmax", {}),
    ("prelu", {"parameters": 4}),
    ("se", {"ratio": 2}),
    ("linear", {"out": 3}),
]


@pytest.mark.parametrize(("word", "options"), LAYERS, ids=lambda value: value if isinstance(value, str) else "")
def test_each_layer_between_two_convolutions(word: str, options: dict[str, Any]) -> None:
    net = Net(3, (11, 11))
    net("conv", out=4, kernel=3, stride=1)
    at = net(word, **options)
    if net.builder.nodes[at].shape.rank:
        net("conv", out=2, kernel=3)
    claims = list(field_claims(subject(net.graph()), [at, net.last], 12, 0))
    assert [claim for claim in claims if claim.ok is False] == []
    assert any(claim.ok for claim in claims)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(recipes())
def test_random_graphs(recipe: Recipe) -> None:
    graph = build(recipe)
    assume(not any(isinstance(node.op, patches.Fold) and len(node.op.size) == 3 for node in graph.nodes))  # not in torch
    layers = [i for i, node in enumerate(graph.nodes) if not node.is_input][-2:]
    assert [claim for claim in field_claims(subject(graph), layers, 4, 0) if claim.ok is False] == []


@pytest.mark.parametrize("name", ["res2net", "aspp", "gridding", "checkerboard", "squeeze_excitation", "multi_output"])
def test_lessons(name: str) -> None:
    graph = load(f"configs/lessons/{name}.yaml")
    claims = list(field_claims(subject(graph), list(graph.outputs), 5, 0))
    assert claims
    assert all(claim.ok is not False for claim in claims), claims


def test_a_wrong_reach_is_found_and_the_place_is_named(corrupt: Corrupt) -> None:
    graph = residual(20, 2, (1,))
    before = list(field_claims(subject(graph), [graph.outputs[0]], 6, 0))
    assert all(claim.ok for claim in before)
    corrupt(activation.Activation, "reach", lambda self, inputs: (Read(0, (shift(1), shift(0))),))
    wrong = residual(20, 2, (1,))
    units, box = field_claims(subject(wrong), [wrong.outputs[0]], 6, 0)
    assert units.ok is False
    assert "they differ at pixel" in units.detail
    assert "relu" in units.detail
    assert box.ok is not True


def test_a_forgotten_dilation_is_found(corrupt: Corrupt) -> None:
    honest = conv.Conv.reach

    def narrow(self: conv.Conv, inputs: Any) -> tuple[Read, ...]:
        return honest(conv.Conv(self.out, self.kernel, self.stride, self.padding), inputs)

    corrupt(conv.Conv, "reach", narrow)
    graph = chain((24, 24), ("conv", {"out": 2, "kernel": 3, "dilation": 3, "padding": 3}), ("relu", {}))
    assert [claim.ok for claim in field_claims(subject(graph), [2], 4, 0)] == [False, False]


def test_units_are_the_centre_corners_edges_and_then_random_ones() -> None:
    units = chosen_units((9, 7), 9, random.Random(0))
    assert units[:7] == [(4, 3), (0, 0), (8, 6), (0, 3), (8, 3), (4, 0), (4, 6)]
    assert len(set(units)) == 9
    assert chosen_units((1, 1), 5, random.Random(0)) == [(0, 0)]
    assert chosen_units((), 5, random.Random(0)) == [()]


def test_gradients_are_cut_to_zero_and_one() -> None:
    x = torch.full((3,), 2.0, requires_grad=True)
    (gradient,) = torch.autograd.grad((cut(x * torch.tensor([0.5, 1.0, 0.0])) * torch.tensor([1e-3, 5.0, 3.0])).sum(), x)
    assert gradient.tolist() == [0.5, 1.0, 0.0]
    (gradient,) = torch.autograd.grad((cut(x) * torch.tensor([1e-12, -2.0, 0.0])).sum(), x)
    assert gradient.tolist() == [0.0, 1.0, 0.0]


def test_deep_networks_neither_vanish_nor_explode() -> None:
    deep = chain((40,), *[("conv", {"out": 1, "kernel": 3})] * 400)
    measured = measure(deep, [400])
    assert measured is not None
    assert bool(measured.seen(400, (20,), 0).all())


def test_a_function_without_a_rule_is_refused_by_name() -> None:
    x = torch.ones(2, requires_grad=True)
    with Positive(), pytest.raises(NoRuleError, match="fft_fft"):
        torch.fft.fft(x)


def test_an_unknown_function_is_not_checked_rather_than_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = chain((8, 8), ("conv", {"out": 2, "kernel": 3}), ("tanh", {}))
    monkeypatch.delitem(__import__("rfcalc.backends.proof.rules", fromlist=["RULES"]).RULES, "tanh")
    (claim,) = field_claims(subject(graph), [2], 3, 0)
    assert claim.ok is None
    assert "tanh" in claim.detail


@pytest.mark.parametrize("name", ["resnet50", "mobilenet_v2", "unet", "espcn"])
def test_narrowed_networks_have_the_same_sizes_and_few_channels(name: str) -> None:
    graph = load(name)
    narrow = next(narrower(graph))
    assert [node.shape.size for node in narrow.nodes] == [node.shape.size for node in graph.nodes]
    assert sum(node.shape.channels for node in narrow.nodes) < sum(node.shape.channels for node in graph.nodes) / 2
    assert rebuilt(graph) is not None


def test_an_enlarged_network_ends_with_the_layer_that_was_asked_for() -> None:
    graph = load("resnet18")
    big = enlarged(graph, graph.by_name["layer2.1.relu"], (400, 300))
    assert big is not None
    assert big.nodes[-1].name == "layer2.1.relu"
    assert all(n >= m for n, m in zip(big.nodes[0].shape.size, (400, 300), strict=True))
    assert Fields(big).of(len(big.nodes) - 1).size == (99, 99)


def test_both_extremes_over_the_phases_are_measured() -> None:
    graph: Graph = unet(64, levels=3)
    claims = {claim.what.split()[0]: claim for claim in field_claims(subject(graph), list(graph.outputs), 3, 0)}
    assert claims["box"].ok
    assert claims["box"].stated.startswith(claims["box"].measured)
    assert " to " in claims["box"].measured
