"""Figures that `analyze` adds when they are asked for: the critical path (why), the effective receptive field (erf)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

from rfcalc.analyses.receptive_field import Fields
from rfcalc.graph import Graph
from rfcalc.record import record


@record
class Figures:
    """`network`: keys for the JSON of the whole; `layers`: keys for the JSON of single layers, by the layer's index."""

    network: dict[str, Any] = field(default_factory=dict)
    layers: dict[int, dict[str, Any]] = field(default_factory=dict)


def target(graph: Graph, fields: Fields, chosen: Sequence[int]) -> int | None:
    """The layer that a question about one layer means: the last of the chosen ones with a field of its own; if none is
    chosen, the output with the largest field, or the last map. None if no layer has a field."""
    local = [i for i in chosen if fields.supports[i].terms]
    if local or chosen:
        return local[-1] if local else None
    outputs = [i for i in graph.outputs if fields.supports[i].terms]
    if outputs:
        return max(outputs, key=lambda i: fields.of(i).size or ())
    last = graph.last_spatial
    return last if last is not None and fields.supports[last].terms else None


def number(value: Any) -> int | float:
    """A fraction as JSON has it: whole where it is whole."""
    return int(value) if value == int(value) else float(value)


def why(graph: Graph, fields: Fields, at: int | None) -> Figures:
    """The critical path to layer `at`, and what each layer on it adds per axis. Raises RuleError."""
    from rfcalc.analyses.why import critical_paths

    if at is None:
        return Figures()
    paths = critical_paths(graph, fields.supports, at)
    layers: dict[int, dict[str, list[int | float]]] = {
        i: {"adds": [0] * len(paths)} for i, node in enumerate(graph.nodes) if not node.is_input
    }
    found = []
    for path in paths:
        entries = []
        for share in path.shares:
            layers[share.node]["adds"][path.axis] = number(share.adds)
            sides = {"adds": number(share.adds), "before": number(share.before), "after": number(share.after)}
            entries.append({"layer": graph.nodes[share.node].name, **sides})
        found.append({"axis": path.axis, "unit": list(path.unit), "size": path.size, "path": entries})
    return Figures({"why": {"layer": graph.nodes[at].name, "axes": found}}, dict(layers))


def erf(graph: Graph, fields: Fields, at: int | None) -> Figures:
    """Sigma of each layer's effective receptive field under random weights, and its distribution per axis for layer `at`."""
    from rfcalc.analyses.erf import marginal, moments

    layers = {}
    for i, state in enumerate(moments(graph, fields.source)):
        if state is not None and not graph.nodes[i].is_input:
            layers[i] = {"erf_sigma": [round(axis.sigma, 6) for axis in state]}
    if at is None:
        return Figures({}, layers)
    unit = [n // 2 for n in graph.nodes[at].shape.size]
    lines = [marginal(graph, at, fields.source, axis, i) for axis, i in enumerate(unit)]
    shown = [None if line is None else {"start": line.start, "shares": list(line.shares)} for line in lines]
    return Figures({"erf": {"layer": graph.nodes[at].name, "unit": unit, "marginals": shown}}, layers)


def cost(graph: Graph, convention: str) -> Figures:
    """What each layer and the network cost as another tool counts; `convention` is a key of cost.CONVENTIONS."""
    from rfcalc.analyses.cost import amount, total

    layers = {i: {"cost": amount(node, convention)} for i, node in enumerate(graph.nodes) if not node.is_input}
    return Figures({"convention": {"name": convention, "total": total(graph, convention)}}, dict(layers))
