"""An imported graph against the module that it was made of: parameters, buffers and MACs by module, and the numbers of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from rfcalc.backends.proof.claims import Claim, where
from rfcalc.backends.torch.subject import Subject
from rfcalc.graph import Graph, Node
from rfcalc.importers.torch.fakes import faked
from rfcalc.origin import Origin

Count = Callable[[str], int]


def own_claims(network: Subject, origin: Origin, module: nn.Module) -> Iterator[Claim]:
    """What the graph says of a module, against the module."""
    graph, paths = network.graph, [path for path in origin.calls if path and not _is_shared(module, path)]
    for what, tensors in (("parameters", module.parameters()), ("buffers", module.buffers())):
        stated = [_stored(node, what) for node in graph.nodes]
        yield _total(f"{what} of the model", sum(stated), sum(tensor.numel() for tensor in tensors), "the model's own")
        yield _by_module(graph, origin, what, stated, paths, lambda path, w=what: _held(module, path, w), "the model's own")  # type: ignore[misc]
    how, macs = "half of FlopCounterMode, on the model itself", [node.cost.macs for node in graph.nodes]
    try:
        flops = flops_by_module(network, module)
    except Exception as error:
        yield Claim(
            "MACs", f"{sum(macs):,}", "-", None, f"it did not run: {type(error).__name__}: {error}".splitlines()[0], how
        )
        return
    uncounted = sum(bool(node.op.uncounted) for node in graph.nodes)
    if uncounted and sum(macs) != flops[""] // 2:
        text = f"those of {uncounted} layers are not known"
        yield Claim("MACs of the model", f"{sum(macs):,}", f"{flops[''] // 2:,}", None, text, how)
        return
    yield _total("MACs of the model", sum(macs), flops[""] // 2, how)
    inner = tuple(f"{path}." for path in origin.calls if path)
    paths = [path for path in {**flops, **origin.calls} if path and not path.startswith(inner)]
    yield _by_module(graph, origin, "MACs", macs, paths, lambda path: flops.get(path, 0) // 2, how)


def flops_by_module(network: Subject, module: nn.Module) -> dict[str, int]:
    """FLOPs within each module by its path, "" being the whole, as torch counts them; it runs on tensors without memory."""
    with _piecewise(), faked(module) as mode, mode, torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.call()(module)
    found = {name.partition(".")[2]: sum(counts.values()) for name, counts in counter.get_flop_counts().items() if "." in name}
    return {**found, "": counter.get_total_flops()}


@contextmanager
def _piecewise() -> Iterator[None]:
    """Attention in products that are counted: what torch does in one piece on the CPU is not."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


def _stored(node: Node, what: str) -> int:
    return node.cost.params if what == "parameters" else node.cost.buffers


def _held(module: nn.Module, path: str, what: str) -> int:
    part = module.get_submodule(path)
    return sum(tensor.numel() for tensor in (part.parameters() if what == "parameters" else part.buffers()))


def _is_shared(module: nn.Module, path: str) -> bool:
    """True for a module of which another one holds a tensor too: such tensors are counted where they are read first."""
    inside = {id(tensor) for tensor in module.get_submodule(path).parameters()}
    named = module.named_parameters(remove_duplicate=False)
    return any(id(tensor) in inside and not name.startswith(f"{path}.") for name, tensor in named)


def _total(what: str, stated: int, measured: int, how: str) -> Claim:
    detail = "" if stated == measured else f"torch has {abs(measured - stated):,} {'more' if measured > stated else 'fewer'}"
    return Claim(what, f"{stated:,}", f"{measured:,}", stated == measured, detail, how)


def _by_module(
    graph: Graph, origin: Origin, what: str, stated: Sequence[int], paths: Sequence[str], measured: Count, how: str
) -> Claim:
    """One claim for many modules, with the first that differs and a layer in it."""
    sums = _sums(origin, stated)
    differ = [path for path in paths if sums.get(path, 0) != measured(path)]
    detail = ""
    if differ:
        path = min(differ, key=lambda each: -each.count("."))
        layer = next((graph.nodes[i] for i, scope in enumerate(origin.scopes) if f"{scope}.".startswith(f"{path}.")), None)
        place = f"{path}: {where(layer)}" if layer else path
        detail = f"one of {len(differ)}: {place}: stated {sums.get(path, 0):,}, torch has {measured(path):,}"
    return Claim(
        f"{what} of each module", f"{len(paths)} modules", f"{len(paths) - len(differ)} equal", not differ, detail, how
    )


def _sums(origin: Origin, stated: Sequence[int]) -> Mapping[str, int]:
    """What is stated of the layers in each module, by its path."""
    sums: dict[str, int] = {}
    for scope, count in zip(origin.scopes, stated, strict=True):
        parts = scope.split(".")
        for end in range(1, len(parts) + 1):
            path = ".".join(parts[:end])
            sums[path] = sums.get(path, 0) + count
    return sums
