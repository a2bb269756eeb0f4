"""Weights of random networks carried through each transform that is equal: the outputs are."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rfcalc.backends.torch.moved import moved
from rfcalc.errors import RuleError
from rfcalc.graph import Graph
from rfcalc.transforms import TRANSFORMS, apply
from tests.transforms.networks import net, weights
from tests.transforms.test_layers import KINDS, UPS, close, output
from tests.transforms.test_random import networks, outputs_are_equal, some

EQUAL = {"fully-convolutional", "output-stride", "subpixel", "transposed", "fold-bn"}


def test_every_equal_transform_is_tried() -> None:
    assert {*TRANSFORMS} > EQUAL
    graph = net("input: 16x8x8\nlayers: [{name: a, conv: {out: 16, k: 3, norm: bn}}, {upconv: {out: 4, k: 3, s: 2}}]\n")
    for word in {*TRANSFORMS} - EQUAL:
        assert not apply(graph, word).equal


@some(12)
@given(networks(("linear", "adaptivepool", "gap"), head=True))
def test_fully_convolutional(graph: Graph) -> None:
    outputs_are_equal(graph, "fully-convolutional", moved)


@some(20)
@given(networks(("conv", "upconv", "dwconv", "linear", "maskedconv")))
def test_fold_bn(graph: Graph) -> None:
    outputs_are_equal(graph, "fold-bn", moved)


@some(8)
@given(networks(("upconv",)))
def test_subpixel(graph: Graph) -> None:
    outputs_are_equal(graph, "subpixel", moved)


@pytest.mark.parametrize("layer", UPS)
def test_subpixel_and_back(layer: str) -> None:
    graph = net(f"input: 4x7x9\nlayers:\n  - {{name: up, {layer}}}\n  - relu\n")
    middle = apply(graph, "subpixel").graph
    state = weights(graph)
    there = moved(graph, middle, state)
    assert close(output(graph, state), output(middle, there))
    try:
        back = apply(middle, "transposed").graph
    except RuleError:  # uneven padding
        return
    assert close(output(graph, state), output(back, moved(middle, back, there)))


def test_all_kinds_of_layers_before_a_norm() -> None:
    graph = net(KINDS)
    new, state = apply(graph, "fold-bn").graph, weights(graph)
    assert close(output(graph, state), output(new, moved(graph, new, state)))


def test_biases_that_a_transposed_convolution_cannot_say() -> None:
    graph = net("input: 4x7x9\nlayers:\n  - {name: c, conv: {out: 8, k: 3}}\n  - {name: s, pixelshuffle: 2}\n")
    with pytest.raises(RuleError, match="biases of the phases differ"):
        moved(graph, apply(graph, "transposed").graph, weights(graph))


@some(4)
@given(st.integers(0, 9))
def test_there_is_nothing_to_carry_of_layers_without_weights(seed: int) -> None:
    graph = net("input: 2x5x5\nlayers: [relu, {name: f, flatten: {}}, {name: l, linear: 3}]\n")
    state = weights(graph, seed)
    new = apply(graph, "fully-convolutional").graph
    assert {key: tensor.shape for key, tensor in moved(graph, new, state).items()} == {
        "l.weight": torch.Size([3, 2, 5, 5]),
        "l.bias": torch.Size([3]),
    }
