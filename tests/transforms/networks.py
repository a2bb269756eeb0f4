"""Small networks, and running one with given weights: the output of every layer by name."""

from __future__ import annotations

import torch
from torch import Tensor

from rfcalc.backends.torch.build import random_inputs, recorded, to_torch
from rfcalc.graph import Graph
from rfcalc.language.files import shipped_files
from rfcalc.language.load import load_spec

State = dict[str, Tensor]


def net(text: str) -> Graph:
    return load_spec(text, "net.yaml")


def shipped(name: str, **overrides: str) -> Graph:
    path = shipped_files()[name]
    return load_spec(path.read_text(encoding="utf-8"), str(path), overrides)


def weights(graph: Graph, seed: int = 0) -> State:
    """Random weights in double precision; the statistics of batch norms are random too."""
    state = to_torch(graph, dtype=torch.float64, seed=seed).state_dict()
    draw = torch.Generator().manual_seed(seed)
    for key, value in state.items():
        if key.endswith("running_mean") or (key.endswith("bias") and value.is_floating_point()):
            state[key] = torch.randn(value.shape, generator=draw, dtype=torch.float64) * 0.3
        elif key.endswith("running_var") or (value.ndim == 1 and key.endswith("weight")):
            state[key] = torch.rand(value.shape, generator=draw, dtype=torch.float64) + 0.5
    return state


def run(graph: Graph, state: State, images: tuple[Tensor, ...] | None = None) -> dict[str, Tensor]:
    """The output of each layer in evaluation mode, by name; all weights must fit exactly."""
    seen: dict[str, Tensor] = {}
    module = recorded(graph, lambda i, out: seen.__setitem__(graph.nodes[i].name, out), dtype=torch.float64)
    module.load_state_dict(state, strict=True)
    with torch.no_grad():
        module(*(images or random_inputs(graph, 2, dtype=torch.float64, seed=1)))
    return seen


def close(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.allclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True)
