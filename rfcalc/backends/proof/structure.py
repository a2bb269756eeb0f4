"""Shapes, parameters and MACs against the network, built on the meta device: no weights are allocated, nothing is computed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import TypeVar

from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from rfcalc.analyses.cost import amount
from rfcalc.backends.proof.claims import Claim, where
from rfcalc.backends.proof.rebuild import ancestors
from rfcalc.backends.torch.build import random_inputs, recorded, to_torch
from rfcalc.backends.torch.source import module_paths
from rfcalc.graph import Graph
from rfcalc.layers.vocabulary.rearrange import Contract
from rfcalc.version import to_install

T = TypeVar("T")


def structure_claims(graph: Graph) -> Iterator[Claim]:
    """Shapes, parameters, buffers and MACs, in total and layer by layer; allocates no weights and computes nothing."""
    shapes, flops = _run_on_meta(graph)
    layers = [(i, node) for i, node in enumerate(graph.nodes) if not node.is_input]
    stated = {i: (1, node.shape.channels, *node.shape.size) for i, node in layers}
    yield _layerwise("output shapes", graph, stated, shapes, "run on meta", lambda shape: "x".join(map(str, shape)))
    module = to_torch(graph, device="meta")
    for what, count in (("parameters", _parameters), ("buffers", _buffers)):
        claimed = {i: getattr(node.cost, "params" if what == "parameters" else what) for i, node in layers}
        yield _total(what, sum(claimed.values()), count(module), "built on meta")
        yield _layerwise(f"{what} of each layer", graph, claimed, _per_module(graph, module, count), "built on meta")
    macs = {i: node.cost.macs for i, node in layers}
    how = "half of FlopCounterMode on meta"
    yield _total("MACs", sum(macs.values()), sum(flops.values()) // 2, how)
    yield _layerwise("MACs of each layer", graph, macs, {i: n // 2 for i, n in flops.items()}, how)


def fvcore_claim(graph: Graph) -> Claim:
    """fvcore's total in evaluation mode (it traces a real forward pass) against the total under fvcore's convention; its
    tracer leaves out layers that no output reads."""
    live = set().union(*(ancestors(graph, i) for i in graph.outputs))
    stated = sum(amount(node, "fvcore") for i, node in enumerate(graph.nodes) if i in live)
    try:
        from fvcore.nn import FlopCountAnalysis
    except ModuleNotFoundError:
        return Claim("fvcore's total", f"{stated:,}", "-", None, f"fvcore is not installed: {to_install('torch', 'fvcore')}")
    counter = FlopCountAnalysis(to_torch(graph).eval(), random_inputs(graph))
    counter.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        counted = int(counter.total())
    rounded = [node.cost.macs for node in graph.nodes if isinstance(node.op, Contract)]
    if counted != stated and abs(counted - stated) <= sum(macs // 1000 + 1 for macs in rounded):
        return Claim("fvcore's total", f"{stated:,}", f"{counted:,}", True, how="in eval(); einsum rounded by fvcore")
    return _total(
        "fvcore's total", stated, counted, "in eval()" + (", without dead layers" if len(live) < len(graph.nodes) else "")
    )


def _run_on_meta(graph: Graph) -> tuple[dict[int, tuple[int, ...]], dict[int, int]]:
    """The output shape and the FLOPs of each layer."""
    shapes: dict[int, tuple[int, ...]] = {}
    flops: dict[int, int] = {}
    counter, before = FlopCounterMode(display=False), 0

    def seen(index: int, output: Tensor) -> None:
        nonlocal before
        shapes[index] = tuple(output.shape)
        flops[index], before = counter.get_total_flops() - before, counter.get_total_flops()

    module = recorded(graph, seen, device="meta")
    with counter:
        module(*random_inputs(graph, device="meta"))
    return shapes, flops


def _parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def _buffers(module: nn.Module) -> int:
    return sum(b.numel() for b in module.buffers())


def _per_module(graph: Graph, module: nn.Module, count: Callable[[nn.Module], int]) -> dict[int, int]:
    paths = module_paths(graph)
    return {
        i: count(module.get_submodule(paths[i])) if i in paths and node.weights is None else 0
        for i, node in enumerate(graph.nodes)
        if not node.is_input
    }


def _total(what: str, stated: int, measured: int, how: str) -> Claim:
    detail = "" if stated == measured else f"torch has {abs(measured - stated):,} {'more' if measured > stated else 'fewer'}"
    return Claim(what, f"{stated:,}", f"{measured:,}", stated == measured, detail, how)


def _layerwise(
    what: str, graph: Graph, stated: dict[int, T], measured: dict[int, T], how: str, show: Callable[[T], str] = str
) -> Claim:
    """One claim for many layers, with the first difference."""
    differ = [i for i in stated if stated[i] != measured.get(i)]
    detail = ""
    if differ:
        i = differ[0]
        got = show(measured[i]) if i in measured else "nothing"
        detail = f"the first of {len(differ)}: {where(graph.nodes[i])}: stated {show(stated[i])}, torch has {got}"
    return Claim(what, f"{len(stated)} layers", f"{len(stated) - len(differ)} equal", not differ, detail, how)
