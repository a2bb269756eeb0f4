"""The shipped specs of networks that torchvision or timm has, against those: the same parameters, MACs and numbers.

Both networks run, with one set of weights; the modules that have some are matched by the order in which they run. The tests
skip where the packages are not installed; CI installs both.
"""

from __future__ import annotations

from importlib.util import find_spec
from itertools import chain
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from rfcalc.backends.torch.build import to_torch
from rfcalc.graph import Graph
from rfcalc.importers import load
from rfcalc.importers.torch.importing import imported
from rfcalc.importers.torch.target import wanted

# spec: (model, a size at which it runs quickly)
MODELS = {
    "convnext_t": ("torchvision.models:convnext_tiny", "3x32x64"),
    "efficientnet_b0": ("torchvision.models:efficientnet_b0", "3x32x64"),
    "hrnet_w18": ("timm.models:hrnet_w18", "3x32x64"),
    "inception_v3": ("torchvision.models:inception_v3", "3x299x299"),
    "mobilenet_v3_large": ("torchvision.models:mobilenet_v3_large", "3x32x64"),
}
TRAINED = {"inception_v3": {"aux": "true"}}  # what a model holds besides what it runs


def model_of(name: str) -> nn.Module:
    """The package's own network, without weights."""
    target = wanted(MODELS[name][0])
    if find_spec(target.where.split(".")[0]) is None:
        pytest.skip(f"{target.where} is not installed")
    options = {"init_weights": False} if name == "inception_v3" else {}
    with torch.device("meta"):
        return getattr(imported(target), target.what)(**options).eval()


def image(graph: Graph, **options: Any) -> Tensor:
    source = graph.nodes[0].shape
    return torch.randn(1, source.channels, *source.size, **options)


def run(module: nn.Module, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """What a network gives, and its numbers: those of its modules in the order in which they run, then the rest."""
    order: list[nn.Module] = []
    leaves = [m for m in module.modules() if not list(m.children())]
    hooks = [m.register_forward_hook(lambda m, _, __: order.append(m)) for m in leaves]
    with torch.no_grad():
        out = module(x)
        out = out[0] if isinstance(out, tuple) else out
    for hook in hooks:
        hook.remove()
    beside = [m for m in module.modules() if m not in order]
    return out, [tensor for m in (*order, *beside) for tensor in numbers(m)]


def numbers(module: nn.Module, deep: bool = False) -> list[Tensor]:
    """The parameters and buffers of a module, without the counters of batches."""
    found = chain(module.parameters(recurse=deep), module.buffers(recurse=deep))
    return [tensor.data for tensor in found if tensor.is_floating_point()]


def filled(module: nn.Module) -> nn.Module:
    """The network on the CPU, with numbers under which its activations neither vanish nor grow."""
    module = module.to_empty(device="cpu").eval()
    for tensor in numbers(module, deep=True):
        tensor.uniform_(0.5, 1.5) if tensor.dim() == 1 else tensor.normal_(0, 1.5 * tensor[0].numel() ** -0.5)
    return module


@pytest.mark.parametrize("name", MODELS)
def test_parameters_and_buffers(name: str) -> None:
    module = model_of(name)
    nodes = load(name, TRAINED.get(name, {})).layers
    assert sum(node.cost.params for node in nodes) == sum(p.numel() for p in module.parameters())
    assert sum(node.cost.buffers for node in nodes) == sum(b.numel() for b in module.buffers())


@pytest.mark.parametrize("name", MODELS)
def test_macs(name: str) -> None:
    graph = load(name)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model_of(name)(image(graph, device="meta"))
    assert 2 * sum(node.cost.macs for node in graph.layers) == counter.get_total_flops()


@pytest.mark.parametrize("name", MODELS)
def test_numbers(name: str) -> None:
    torch.manual_seed(0)
    graph = load(name, {"input": MODELS[name][1]} | TRAINED.get(name, {}))
    theirs, ours, x = filled(model_of(name)), filled(to_torch(graph, device="meta")), image(graph)
    expected, given = run(theirs, x)
    before, mine = run(ours, x)
    for to, value in zip(mine, given, strict=True):
        to.copy_(value.reshape(to.shape))
    found, _ = run(ours, x)
    assert float((before.flatten(1) - expected).abs().max()) > float(expected.std())
    assert float((found.flatten(1) - expected).abs().max()) < 1e-4 * float(expected.std())
