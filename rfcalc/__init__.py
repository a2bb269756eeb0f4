"""rfcalc: exact receptive fields, MACs, parameters and memory of convolutional networks, from a specification.

import rfcalc

analysis = rfcalc.analyze("resnet50.yaml", depth=101, input=(3, 640, 640))
print(analysis.macs, analysis["layer4.2.conv3"].field.size)
analysis = rfcalc.analyze(my_module, input=(3, 224, 224))  # a live nn.Module, which stays as it is
module = rfcalc.to_torch(rfcalc.load("resnet50"))  # needs torch
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from rfcalc.errors import SpecError
from rfcalc.version import __version__

if TYPE_CHECKING:
    from torch import nn

    from rfcalc.analyses.network import Analysis
    from rfcalc.graph import Graph

    Source: TypeAlias = str | Mapping[str, Any] | nn.Module | Graph
    Size: TypeAlias = str | tuple[int, ...] | Mapping[str, str | tuple[int, ...]]

__all__ = ["SpecError", "__version__", "analyze", "load", "to_torch"]


def load(source: Source, *, input: Size | None = None, unknown: str = "error", **params: Any) -> Graph:
    """The graph of a network.

    `source`: what the commands take (a spec file, a shipped network's name, an ONNX file, package.module:callable, ...); the
    text of a spec (of several lines); a spec as a dict; or a live nn.Module, which is followed in evaluation mode and stays as
    it is. `input`: channels and sizes, (3, 224, 224) or "3x224x224"; of several inputs a dict by their names. `unknown`:
    "bound" takes a layer of a program that nobody knows as reading its whole input. `params` override a spec's, as `-s
    key=value` does, and are the arguments of a callable.

    Raises rfcalc.SpecError with every problem that was found.
    """
    from rfcalc.graph import Graph

    if isinstance(source, Graph):
        return source
    size = None if input is None else _size(input)
    if not isinstance(source, str | Mapping):
        return _live(source, size, unknown, params)
    values = {name: value if isinstance(value, str) else _yaml(value) for name, value in params.items()}
    if isinstance(source, str) and "\n" not in source:
        from rfcalc.importers import is_program
        from rfcalc.importers import load as load_path

        if is_program(source):
            return load_path(source, {"input": size} if size else {}, unknown=unknown, arguments=values)
        return load_path(source, values if size is None else {**values, "input": size})
    from rfcalc.language.load import load_spec

    text = source if isinstance(source, str) else _yaml(source)
    return load_spec(text, "<spec>", values if size is None else {**values, "input": size})


def analyze(
    source: Source,
    layers: tuple[str, ...] = (),
    units: tuple[tuple[int, ...], ...] = (),
    *,
    input: Size | None = None,
    unknown: str = "error",
    **params: Any,
) -> Analysis:
    """Every figure of a network: a graph, or whatever `load` takes. `layers`: globs of those to select; `units`: those to trace
    in each selected layer. Raises rfcalc.SpecError."""
    from rfcalc.analyses.network import analyze as analyze_graph

    return analyze_graph(load(source, input=input, unknown=unknown, **params), select=layers, at=units)


def to_torch(graph: Graph, *, seed: int | None = None) -> nn.Module:
    """The network as an nn.Module in training mode, with torch's own initialization (repeatable with a `seed`).

    Raises rfcalc.SpecError if torch is not installed, or if a layer has no form in torch.
    """
    from rfcalc.backends.optional import require

    require("torch", "torch")
    from rfcalc.backends.torch.build import to_torch as build

    return build(graph, seed=seed)


def _live(source: Any, size: str | None, unknown: str, params: Mapping[str, Any]) -> Graph:
    """The graph of a live module; raises TypeError for anything else."""
    import sys

    torch = sys.modules.get("torch")
    if torch is None or not isinstance(source, torch.nn.Module):
        kinds = "a file's or network's name, the text of a spec, a dict, an nn.Module or a graph"
        raise TypeError(f"rfcalc takes {kinds}, not {type(source).__name__}")
    if params:
        raise TypeError(f"{', '.join(params)}: a module that is made already takes no arguments")
    from rfcalc.importers.torch.load import load_module

    return load_module(source, size or "", unknown=unknown)


def _size(value: Size) -> str:
    """The input's size, or those of several, as the command line has them."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return ",".join(f"{name}={_size(each)}" for name, each in value.items())
    return "x".join(map(str, value))


def _yaml(value: Any) -> str:
    """A value as the command line would write it: JSON, which is YAML."""
    import json

    return json.dumps(list(value) if isinstance(value, tuple) else value)
