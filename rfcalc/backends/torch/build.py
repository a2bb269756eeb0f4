"""The graph as an nn.Module: the exported source, executed, so that what is verified and timed is what is exported."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from rfcalc.backends.torch.source import class_for, source
from rfcalc.graph import Graph
from rfcalc.relations.shape import Shape

Seen = Callable[[int, Tensor], None]


def to_torch(graph: Graph, *, device: str = "cpu", dtype: torch.dtype | None = None, seed: int | None = None) -> nn.Module:
    """The network as an nn.Module in training mode, with torch's own initialization (repeatable with a `seed`)."""
    return _build(graph, False, device, dtype, seed)


def recorded(graph: Graph, seen: Seen, *, device: str = "cpu", dtype: torch.dtype | None = None) -> nn.Module:
    """The same network in evaluation mode; each forward pass calls `seen(index, output)` after each layer of the graph."""
    module = _build(graph, True, device, dtype, None).eval()
    module.__dict__["seen"] = seen
    return module


def _build(graph: Graph, record: bool, device: str, dtype: torch.dtype | None, seed: int | None) -> nn.Module:
    text, name, place = source(graph, "", record), class_for(graph.name), f"<rfcalc {class_for(graph.name)}>"
    linecache.cache[place] = (len(text), None, text.splitlines(True), place)
    namespace: dict[str, Any] = {"__name__": "rfcalc_export"}
    exec(compile(text, place, "exec"), namespace)
    with torch.device(device), seeded(seed):
        module: nn.Module = namespace[name]()
    return module if dtype is None else module.to(dtype)


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Random numbers from a seed, without touching the caller's; no change if it is None."""
    if seed is None:
        yield
        return
    device = [torch.cuda.current_device()] if torch.cuda.is_available() and torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=device):
        torch.manual_seed(seed)
        yield


def random_inputs(
    graph: Graph, batch: int = 1, *, device: str = "cpu", dtype: torch.dtype = torch.float32, seed: int = 0
) -> tuple[Tensor, ...]:
    """A batch of normal random numbers for each input of the network."""
    draw = drawing(batch, device, dtype, seed)
    return tuple(draw(graph.nodes[i].shape) for i in graph.inputs)


def drawing(batch: int, device: str, dtype: torch.dtype, seed: int) -> Callable[[Shape], Tensor]:
    """Draws a batch of normal random numbers for a shape, again and again; on the meta device it makes them without numbers."""
    if device == "meta":
        return lambda shape: torch.empty(batch, shape.channels, *shape.size, device=device, dtype=dtype)
    place = torch.Generator(device).manual_seed(seed)
    exact = torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype

    def draw(shape: Shape) -> Tensor:
        return torch.randn(batch, shape.channels, *shape.size, device=device, dtype=exact, generator=place).to(dtype)

    return draw
