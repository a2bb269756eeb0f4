"""Units that touch no padding, against gradients with respect to the padding."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest

from rfcalc.fields.clean import Clean, _crossed, longest_run, through
from rfcalc.fields.resized import ShapesAtSize
from rfcalc.graph import Graph
from rfcalc.relations.geometry import IDENTITY, PaddingMode, transposed, window
from tests.nets import Net, chain, residual, unet
from tests.oracle.network import Oracle


def clean(graph: Graph, axis: int = 0) -> set[int]:
    sizes = ShapesAtSize(graph)
    bits = Clean(sizes, axis).rows(sizes.image, graph.outputs[0]).clean
    return {i for i in range(bits.bit_length()) if bits >> i & 1}


def truth(graph: Graph) -> set[int]:
    """Units of a one-dimensional network whose gradient with respect to the padding is zero."""
    oracle = Oracle(graph, local=True)
    target = graph.outputs[0]
    return {i for i in range(oracle.shape(target)[1]) if not oracle.touches_padding(target, (i,))}


def random_chain(seed: int) -> Graph:
    random = Random(seed)
    layers: list[tuple[str, dict[str, Any]]] = []
    for _ in range(random.randint(1, 5)):
        kernel, stride, dilation = random.randint(1, 4), random.randint(1, 3), random.randint(1, 2)
        word = random.choice(["conv", "conv", "maxpool", "upconv"])
        if word == "conv":
            sides = ((random.randint(0, 3), random.randint(0, 3)),)
            layers.append((word, {"out": 1, "kernel": kernel, "stride": stride, "dilation": dilation, "padding": sides}))
        elif word == "maxpool":
            layers.append((word, {"kernel": kernel, "stride": stride, "padding": random.randint(0, kernel // 2)}))
        else:
            layers.append((word, {"out": 1, "kernel": kernel, "stride": stride, "padding": random.randint(0, 1)}))
    return chain((random.randint(30, 60),), *layers)


@pytest.mark.parametrize("seed", range(150))
def test_chains(seed: int) -> None:
    try:
        graph = random_chain(seed)
    except AssertionError:  # a random layer that does not fit
        pytest.skip("does not fit")
    assert clean(graph) == truth(graph)


def test_branches_need_all_their_inputs() -> None:
    net = Net(1, (40,))
    near = net("conv", net.input, out=1, kernel=3)
    far = net("conv", net.input, out=1, kernel=9, dilation=2)
    net("add", near, far)
    assert clean(net.graph()) == truth(net.graph()) == set(range(8, 32))


def test_global_branches_are_left_out() -> None:
    net = Net(2, (20, 20))
    x = net("conv", net.input, out=2, kernel=3)
    gate = net("conv", net("gap", x), out=2, kernel=1)
    net("mul", x, gate)
    assert clean(net.graph()) == set(range(1, 19))
    pooled = net("upsample", gate, x, mode="bilinear")
    net("concat", x, pooled)
    assert clean(net.graph()) == set(range(1, 19))


@pytest.mark.parametrize("graph", [unet(48, levels=2), residual(48, 3, (1,))], ids=["unet", "residual"])
def test_two_axes(graph: Graph) -> None:
    oracle, target = Oracle(graph, local=True), graph.outputs[0]
    units = graph.nodes[target].shape.size[0]
    middle = next(iter(clean(graph)))
    assert clean(graph, 0) == clean(graph, 1)
    assert clean(graph) == {i for i in range(units) if not oracle.touches_padding(target, (i, middle))}


@pytest.mark.parametrize("reach", [window(3, 2, 2, 1), transposed(2, 3, 1, 0), window(2, 1, 1, 0, PaddingMode.WRAP)])
@pytest.mark.parametrize("bits", [0, 0b1, 0b111100, 0b1011101, (1 << 12) - 1])
def test_through_is_its_definition(reach: Any, bits: int) -> None:
    found = through(reach, bits, 15)
    assert found == sum(1 << i for i in range(15) if all(tap >= 0 and bits >> tap & 1 for tap in reach.at(i)))


def test_longest_run() -> None:
    assert longest_run(0) is None
    assert longest_run(0b1) == (0, 0)
    assert longest_run(0b110111011) == (3, 5)


@pytest.mark.parametrize("fold", list(PaddingMode))
def test_units_that_read_any_of_a_whole_axis(fold: PaddingMode) -> None:
    """By arithmetic where the taps have no gap as wide as the axis, else one by one."""
    for kernel, stride, dilation, before, n, m in product((1, 2, 3), (1, 2), (1, 3), (-3, 0, 2, 7), (1, 3, 6), (1, 4, 9)):
        reach = window(kernel, stride, dilation, before, fold)
        if reach is IDENTITY and n < m:  # a map that padding made longer at its end
            continue
        reads = [any(fold.index(tap, n) is not None for tap in reach.at(i)) for i in range(m)]
        expected = sum(1 << i for i, each in enumerate(reads) if each)
        for bits in (-1, (1 << n) - 1):
            found = _crossed(reach, n, m, bits)
            assert found & ((1 << m) - 1) == expected, (kernel, stride, dilation, before, n, m)
