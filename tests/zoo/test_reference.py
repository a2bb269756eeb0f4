"""The shipped specs against reference networks in torch: each parameter's shape, each layer's MACs, the output."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from rfcalc.graph import Graph, Node
from rfcalc.importers import load

from .reference import NETWORKS

Shapes = dict[str, tuple[int, ...]]


@cache
def network(name: str) -> nn.Module:
    with torch.device("meta"):
        return NETWORKS[name][0]().eval()


@cache
def graph(name: str) -> Graph:
    return load(name)


@cache
def counted(name: str) -> tuple[int, dict[str, int], tuple[int, ...]]:
    """FLOPs in all and by module, as torch counts them on the meta device, and the shape of the output."""
    with FlopCounterMode(display=False, depth=None) as counter, torch.no_grad():
        out = network(name)(torch.empty(NETWORKS[name][1], device="meta"))
    by_module = {key.split(".", 1)[-1]: sum(flops.values()) for key, flops in counter.get_flop_counts().items()}
    return counter.get_total_flops(), by_module, tuple(out.shape)


def parameters_of(node: Node) -> Shapes:
    """Name and shape of each parameter of the torch module that a layer stands for."""
    source = node.op.torch(node.shapes).module
    if not source or not node.cost.params:
        return {}
    with torch.device("meta"):
        module = eval(source, {"nn": nn})
    return {f"{node.name}.{key}": tuple(value.shape) for key, value in module.named_parameters()}


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_map_one_to_one(name: str) -> None:
    rename = NETWORKS[name][2]
    expected: Shapes = {}
    for key, value in network(name).named_parameters():
        module, leaf = key.rsplit(".", 1)
        expected[f"{rename(module)}.{leaf}"] = tuple(value.shape)
    found: Shapes = {}
    for node in graph(name).layers:
        found |= parameters_of(node)
    assert found == expected
    assert list(found) == list(expected)


@pytest.mark.parametrize("name", NETWORKS)
def test_totals(name: str) -> None:
    flops, _, out = counted(name)
    layers = graph(name).layers
    assert 2 * sum(node.cost.macs for node in layers) == flops
    assert sum(node.cost.params for node in layers) == sum(p.numel() for p in network(name).parameters())
    assert sum(node.cost.buffers for node in layers) == sum(b.numel() for b in network(name).buffers())
    shape = graph(name).nodes[graph(name).outputs[0]].shape
    assert (1, shape.channels, *shape.size) == out


@pytest.mark.parametrize("name", NETWORKS)
def test_flops_of_each_layer(name: str) -> None:
    rename, by_module = NETWORKS[name][2], counted(name)[1]
    leaves = {key for key, module in network(name).named_modules() if not list(module.children())}
    expected = {rename(key): flops for key, flops in by_module.items() if key in leaves and flops}
    assert {node.name: 2 * node.cost.macs for node in graph(name).layers if node.cost.macs} == expected
