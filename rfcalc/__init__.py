"""rfcalc: exact receptive fields, MACs, parameters and memory of convolutional networks, from a specification.

import rfcalc

graph = rfcalc.load("resnet50.yaml", depth=101, input="3x640x640")
analysis = rfcalc.analyze(graph)
print(analysis.macs, analysis.last_spatial.field.size)
module = rfcalc.to_torch(graph)  # needs rfcalc[torch]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rfcalc.version import __version__

if TYPE_CHECKING:
    from torch import nn

    from rfcalc.analyses.network import Analysis
    from rfcalc.graph import Graph

__all__ = ["__version__", "analyze", "load", "to_torch"]


def load(path: str, **params: Any) -> Graph:
    """The graph of a spec file or of a shipped network; `params` override the spec's, as `-s key=value` does.

    Raises rfcalc.errors.SpecError with every problem that was found.
    """
    from rfcalc.importers import load as load_path

    return load_path(path, {name: value if isinstance(value, str) else _yaml(value) for name, value in params.items()})


def analyze(graph: Graph, layers: tuple[str, ...] = (), units: tuple[tuple[int, ...], ...] = ()) -> Analysis:
    """Every figure of a network. `layers`: globs of those to select; `units`: those to trace in each selected layer."""
    from rfcalc.analyses.network import analyze as analyze_graph

    return analyze_graph(graph, select=layers, at=units)


def to_torch(graph: Graph, *, seed: int | None = None) -> nn.Module:
    """The network as an nn.Module in training mode, with torch's own initialization (repeatable with a `seed`).

    Raises rfcalc.errors.SpecError if torch is not installed, or if a layer has no form in torch.
    """
    from rfcalc.backends.optional import require

    require("torch", "torch")
    from rfcalc.backends.torch.build import to_torch as build

    return build(graph, seed=seed)


def _yaml(value: Any) -> str:
    """A value as the command line would write it: JSON, which is YAML."""
    import json

    return json.dumps(list(value) if isinstance(value, tuple) else value)
