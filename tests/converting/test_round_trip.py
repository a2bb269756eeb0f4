"""A converted network is the same network: the same layers in the same order, and the same figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.analyses.memory import peak
from rfcalc.analyses.network import analyze
from rfcalc.converting import convert
from rfcalc.graph import Graph
from rfcalc.importers import load, shipped
from rfcalc.language.load import load_spec
from rfcalc.reports.parts.contract import layers_data

# Names, places, settings that can be written in several ways, and memory, which depends on the modules that names tell.
ELSEWHERE = ("name", "line", "settings", "peak_activation_bytes", "approximate")


def figures(graph: Graph) -> list[dict[str, object]]:
    """All that an analysis says about each layer, but for names, places, and settings, which can be written in several ways."""
    number = {node.name: i for i, node in enumerate(graph.nodes)}
    found = []
    for layer in layers_data(analyze(graph).layers):
        layer["inputs"] = sorted(number[name] for name in layer["inputs"])
        if layer["receptive_field"]:
            layer["receptive_field"].pop("misaligned", None)  # names the inputs of a sum in their order
        found.append({key: value for key, value in layer.items() if key not in ELSEWHERE})
    return found


def check(graph: Graph, held: bool = True) -> str:
    """Converts, compares and gives the text. `held`: modules hold their inputs for the same time too."""
    text = convert(graph)
    again = load_spec(text, "again.yaml")
    assert figures(again) == figures(graph)
    assert again.outputs == graph.outputs
    assert peak(again, held=held).bytes == peak(graph, held=held).bytes
    return text


LESSONS = [path.stem for path in sorted((Path(__file__).parents[2] / "configs" / "lessons").glob("*.yaml"))]


def weighted(graph: Graph) -> list[str]:
    """The names of the layers with a weight, which keep them."""
    return [node.name for node in graph.layers if node.op.word in ("conv", "dwconv", "upconv", "linear")]


@pytest.mark.parametrize("name", [*(name for name, _ in shipped()), *(f"lessons/{name}" for name in LESSONS)])
def test_shipped_networks(name: str) -> None:
    graph = load(name)
    again = load_spec(check(graph), "again.yaml")
    assert [name for name in weighted(graph) if name not in again.by_name] == []
