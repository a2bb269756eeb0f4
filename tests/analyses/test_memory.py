"""Peak and saved memory: the rules on small graphs, and torch's own bytes on five networks."""

from __future__ import annotations

from functools import cache

import pytest
import torch

from rfcalc.analyses.memory import bytes_moved, peak, saved
from rfcalc.backends.torch.build import random_inputs, to_torch
from rfcalc.graph import Builder, Graph
from rfcalc.importers import load
from rfcalc.layers.contract import Keeps, Storage
from rfcalc.layers.vocabulary.source import Input
from rfcalc.layers.words import make
from rfcalc.relations.shape import Shape
from tests.analyses.torch_memory import peak_bytes, saved_bytes
from tests.analyses.torch_networks import NETWORKS
from tests.nets import Net

# network: peak at inference; saved for backward per image, in a batch of two (the least that every batch norm can train on)
TRUTHS_MB = {
    "resnet18": (6.4, 21.6),
    "resnet50": (11.2, 85.4),
    "resnet152": (11.2, 177.1),
    "vgg16": (25.7, 72.8),
    "mobilenet_v2": (10.4, 77.7),
}


@cache
def network(name: str) -> Graph:
    return load(name)


@pytest.mark.parametrize("name", TRUTHS_MB)
def test_truths(name: str) -> None:
    expected = TRUTHS_MB[name]
    assert round(peak(network(name)).bytes / 1e6, 1) == expected[0]
    assert round(saved(network(name), batch=2).bytes / 2e6, 1) == expected[1]


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "vgg16", "mobilenet_v2"])
def test_torch_needs_the_same_bytes(name: str) -> None:
    module, image = NETWORKS[name]().eval(), torch.zeros(1, 3, 224, 224)
    assert peak_bytes(module, image) == peak(network(name)).bytes


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("batch", [1, 2])
def test_torch_keeps_the_same_bytes(name: str, batch: int) -> None:
    with torch.device("meta"):
        module, image = NETWORKS[name]().train(), torch.empty(batch, 3, 224, 224)
    measured = saved_bytes(module, image, ignore=(image, *module.parameters(), *module.buffers()))
    assert measured == saved(network(name), batch=batch).bytes


EXPORTED = ["alexnet", "se_resnet50", "vit_b16", "tcn", "mobilenet_v2"]
EXPORTED += [
    f"lessons/{name}"
    for name in ("attention", "normalization", "multi_output", "shift_and_stitch", "res2net", "skip_connections")
]


@pytest.mark.parametrize("name", EXPORTED)
def test_the_exported_source_needs_the_same_bytes(name: str) -> None:
    """It is flat, lets go of tensors at once, and has no in-place activations; training keeps the same as ever."""
    graph = network(name)
    module, inputs = to_torch(graph), random_inputs(graph)
    assert peak_bytes(module.eval(), *inputs) == peak(graph, inplace=False, held=False).bytes
    measured = saved_bytes(module.train(), *inputs, ignore=(*inputs, *module.parameters(), *module.buffers()))
    in_place = [node for node in graph.layers if node.cost.storage is Storage.IN_PLACE and node.cost.keeps is Keeps.OUTPUT]
    assert all(node.op.word == "relu" for node in in_place)  # whose two forms keep the same
    assert measured == saved(graph).bytes


def test_half_precision_halves_activations_only() -> None:
    graph = network("resnet50")
    assert 2 * peak(graph, dtype_bytes=2).bytes == peak(graph).bytes
    assert 2 * saved(graph, dtype_bytes=2).bytes > saved(graph).bytes  # statistics and indices keep their width


def test_a_tensor_dies_after_its_last_reader() -> None:
    net = Net(1, (10,))
    a = net("conv", out=4, kernel=1)
    b = net("conv", out=4, kernel=1)
    net("conv", out=1, kernel=1)
    chain = net.graph()
    assert peak(chain).bytes == 4 * (40 + 40)
    assert peak(chain).live == (a, b)
    net("add", b, net.last)
    assert peak(net.graph(a, net.last)).bytes == 4 * (40 + 40 + 10 + 40)


def test_a_tensor_that_nobody_reads_dies_at_once() -> None:
    net = Net(1, (10,))
    net("conv", net.input, out=9, kernel=1)
    last = net("conv", net.input, out=3, kernel=1)
    found = peak(net.graph(last))
    assert (found.bytes, found.node) == (4 * 90, 1)


def test_activations_overwrite_only_what_nobody_else_reads() -> None:
    net = Net(1, (10,))
    net("conv", out=4, kernel=1)
    net("relu")
    assert peak(net.graph()).bytes == 160
    assert peak(net.graph(), inplace=False).bytes == 320
    net("add", net.last, 1)  # now the convolution is read again after the activation
    assert peak(net.graph()).bytes == 480


def test_an_activation_does_not_overwrite_the_input_of_the_network() -> None:
    net = Net(4, (10,))
    net("relu")
    assert peak(net.graph()).bytes == 160


def test_views_take_no_memory() -> None:
    net = Net(4, (3, 3))
    net("conv", out=4, kernel=1)
    net("flatten")
    net("dropout")
    assert peak(net.graph()).bytes == 4 * 36
    assert peak(net.graph()).live == (1,)


def scoped(*names: str) -> Graph:
    builder = Builder("net", "net")
    last = builder.add("input", Input(Shape(1, (10,))))
    for name, out in zip(names, (8, 4, 1, 4), strict=True):
        last = builder.add(name, make("conv", out=out, kernel=1), [last], part_of=name.removesuffix("_bn"))
    return builder.graph([last or 0])


def test_a_module_holds_its_inputs_until_it_returns() -> None:
    assert peak(scoped("a", "b", "c", "d")).bytes == 4 * 120
    inside = scoped("a", "block.b", "block.c", "block.d")
    assert peak(inside).bytes == 4 * (80 + 40 + 10)
    assert peak(inside).live == (1, 2, 3)
    assert peak(inside, held=False).bytes == 4 * 120


def test_a_layer_with_its_norm_is_a_module() -> None:
    found = peak(scoped("a", "b", "b_bn", "c"))
    assert found.bytes == 4 * (80 + 40 + 10)


def test_without_holding_resnet50_needs_less() -> None:
    assert peak(network("resnet50"), held=False).bytes == 3 * 256 * 56 * 56 * 4


def test_layers_before_the_first_weight_keep_nothing() -> None:
    net = Net(3, (8, 8))
    net("avgpool", kernel=2)
    assert saved(net.graph()).bytes == 0
    net("conv", out=2, kernel=1)
    assert saved(net.graph()).kept == (1,)


def test_statistics_of_batch_norms_do_not_grow_with_the_batch() -> None:
    net = Net(3, (8, 8))
    net("conv", out=5, kernel=1)
    net("bn")
    assert saved(net.graph()).fixed == 4 * 2 * 5
    assert saved(net.graph(), batch=8).bytes - 8 * saved(net.graph()).bytes == -7 * 40


def test_bytes_moved() -> None:
    net = Net(3, (8, 8))
    net("conv", out=4, kernel=3)
    net("mul", net.last, net.last)
    net("flatten")
    conv, mul, flat = net.graph().layers
    assert bytes_moved(conv) == 4 * (3 * 64 + 4 * 27 + 4 + 4 * 64)
    assert bytes_moved(conv, dtype_bytes=2) * 2 == bytes_moved(conv)
    assert bytes_moved(mul) == 4 * (4 * 64 + 4 * 64)  # an input that is read twice is fetched once
    assert bytes_moved(flat) == 0
