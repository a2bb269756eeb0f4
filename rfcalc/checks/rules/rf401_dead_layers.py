"""RF401: layers that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.checks.model import Hit, Rule
from rfcalc.checks.structure import indexed, times
from rfcalc.graph import Graph
from rfcalc.layers.traits import LayerKind


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires for each layer that nothing reads and that is no output, and counts the layers that work for it; silent about
    numbers that an imported model keeps and does not compute with."""
    graph = analysis.graph
    alive = _alive(graph)
    for i, layer in indexed(analysis):
        if i not in alive and not graph.readers[i] and layer.node.op.kind is not LayerKind.SOURCE:
            idle = _above(graph, i) - alive
            macs = sum(graph.nodes[j].cost.macs for j in idle if not graph.nodes[j].is_input)
            more = f"; {times(len(idle) - 1, 'layer')} before it only for it" if len(idle) > 1 else ""
            yield Hit(layer.name, f"nothing reads it and it is no output{more} ({macs:,} MACs)")


def _alive(graph: Graph) -> set[int]:
    """Every node that some output reads."""
    return set().union(*(_above(graph, i) for i in graph.outputs))


def _above(graph: Graph, index: int) -> set[int]:
    """A node and every node that it reads, at whatever distance."""
    above, stack = {index}, [index]
    while stack:
        for j in graph.nodes[stack.pop()].inputs:
            if j not in above:
                above.add(j)
                stack.append(j)
    return above


RULE = Rule(
    code="RF401",
    name="dead-layer",
    summary="a layer that nothing reads and that is no output",
    why=(
        "It costs time, memory and parameters, gets no gradient, and mostly stands for a `from` that names the wrong "
        "layer or an output that was forgotten. Its figures are in the totals."
    ),
    example=(
        "input: 3x32x32\nlayers:\n  - {name: a, conv: {out: 16, k: 3}}\n  - {name: b, conv: {out: 16, k: 3}, from: a}\n"
        "  - {name: c, conv: {out: 16, k: 3}, from: a}\noutputs: [c]\n"
    ),
    mend="Name it in `outputs`, let a layer read it (`from`), or delete it.",
    reference="The spec language: `from` and `outputs`",
    find=find,
)
