"""What the tests of the spec language share: a spec from its layers, and what is wrong with one."""

from __future__ import annotations

import pytest

from rfcalc.errors import SpecError
from rfcalc.graph import Graph
from rfcalc.language.load import load_spec


def network(layers: str, top: str = "", shape: str = "3x64x64", **overrides: str) -> Graph:
    """The graph of a list of layers, with other top-level keys before it."""
    return load_spec(spec(layers, top, shape), "test.yaml", overrides)


def spec(layers: str, top: str = "", shape: str = "3x64x64") -> str:
    """The text of a spec."""
    return f"input: {shape}\n{top}\nlayers:\n{layers}\n"


def names(graph: Graph) -> list[str]:
    """The names of the layers."""
    return [node.name for node in graph.layers]


def sources(graph: Graph, name: str) -> list[str]:
    """The names of what a layer reads."""
    return [graph.nodes[i].name for i in graph.nodes[graph.by_name[name]].inputs]


def shapes(graph: Graph) -> list[str]:
    """The output shape of each layer."""
    return [str(node.shape) for node in graph.layers]


def problems(layers: str, top: str = "", shape: str = "3x64x64", **overrides: str) -> list[str]:
    """Code and message of each problem."""
    with pytest.raises(SpecError) as caught:
        network(layers, top, shape, **overrides)
    return [f"{problem.code} {problem.message}" for problem in caught.value.problems]
