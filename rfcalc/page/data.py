"""The data of the page of a network, from its analysis."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from rfcalc.analyses.network import Analysis, Layer
from rfcalc.analyses.receptive_field import Fields
from rfcalc.analyses.rows import field_text
from rfcalc.analyses.target import target
from rfcalc.graph import Graph
from rfcalc.layers.label import label
from rfcalc.page.cards import budgets, cards, findings, pages
from rfcalc.page.supports import Supports
from rfcalc.report.units import joined, percent

if TYPE_CHECKING:
    from rfcalc.report.findings import Finding
    from rfcalc.report.models.page import LayersData, MemoryData, PageData

T = TypeVar("T", bound=Hashable)


class Interned(Generic[T]):
    """Different values in the order in which they came."""

    def __init__(self) -> None:
        self.places: dict[T, int] = {}

    def __call__(self, value: T) -> int:
        """The place of a value."""
        return self.places.setdefault(value, len(self.places))


def network_data(analysis: Analysis, found: Sequence[Finding] = (), command: str = "") -> PageData:
    """The page of a network. `found`: what the rules say of it; `command`: what made the page."""
    graph, fields = analysis.graph, Fields(analysis.graph)
    supports = Supports(fields)
    ops: Interned[tuple[str, str]] = Interned()
    shapes: Interned[tuple[int, tuple[int, ...]]] = Interned()
    rows: Interned[tuple[str, str, str]] = Interned()
    layers = _layers(analysis, supports, ops, shapes, rows)
    inputs = [graph.nodes[i] for i in graph.inputs]
    return {
        "kind": "network",
        "title": graph.name,
        "source": graph.source,
        "command": command,
        "inputs": [{"name": node.name, "channels": node.shape.channels, "size": node.shape.size} for node in inputs],
        "source_input": graph.inputs.index(fields.source),
        "outputs": graph.outputs,
        "chosen": target(graph, fields, ()),
        "cards": cards(analysis),
        "budgets": budgets(analysis),
        "findings": findings(graph, found),
        "pages": pages(found),
        "ops": [{"word": word, "text": text} for word, text in ops.places],
        "shapes": list(shapes.places),
        "rows": [{"field": field, "stride": stride, "note": note} for field, stride, note in rows.places],
        "layers": layers,
        "lead": _lead(graph, fields),
        "sigma": _sigma(graph, fields),
        "fields": supports.data,
        "memory": _memory(analysis),
    }


def _layers(
    analysis: Analysis,
    supports: Supports,
    ops: Interned[tuple[str, str]],
    shapes: Interned[tuple[int, tuple[int, ...]]],
    rows: Interned[tuple[str, str, str]],
) -> LayersData:
    nodes = analysis.graph.nodes
    known = {layer.name: layer for layer in analysis.every}
    figures = [known.get(node.name) for node in nodes]
    first: dict[str, int] = {}
    for i, node in enumerate(nodes):
        first.setdefault(node.part_of, i)
    return {
        "name": [node.name for node in nodes],
        "part": [first[node.part_of] for node in nodes],
        "op": [ops((node.op.word, label(node.op, node.shape.rank))) for node in nodes],
        "shape": [shapes((node.shape.channels, node.shape.size)) for node in nodes],
        "inputs": [node.inputs for node in nodes],
        "support": supports.of,
        "field": [-1 if layer is None else rows(_row(layer)) for layer in figures],
        "macs": [None if node.op.uncounted else node.cost.macs for node in nodes],
        "params": [node.cost.params for node in nodes],
        "bytes": [node.shape.elements * analysis.dtype_bytes for node in nodes],
        "live": [layer.live_bytes if layer else 0 for layer in figures],
        "line": [node.span.line if node.span else None for node in nodes],
    }


def _row(layer: Layer) -> tuple[str, str, str]:
    """A layer's field, its stride, and what else is to be said of it."""
    field = layer.field
    notes = [f"at most: {layer.bound}" if layer.bound else "at most"] if layer.bounded else []
    if field.coverage not in (None, 1.0):
        notes.append(f"{'at most ' * field.coverage_bound}{percent(min(field.coverage or 0, 0.999))} of the box is read")
    if layer.unproductive:
        notes.append("what it reads already sees more than the image")
    if field.misaligned:
        notes.append(f"the inputs' {field.misaligned}")
    stride = "-" if field.stride is None else joined([float(x) for x in field.stride])
    return "<=" * layer.bounded + field_text(field), stride, "; ".join(notes)


def _lead(graph: Graph, fields: Fields) -> list[int]:
    """For each node the input with the largest field, through which a large field comes; -1 where there is none."""
    sizes = [fields.of(i).size for i in range(len(graph.nodes))]
    found = []
    for node in graph.nodes:
        seen = [j for j in node.inputs if fields.supports[j].terms or fields.supports[j].extents]
        found.append(max(seen, key=lambda j: sum(sizes[j] or ()), default=-1))
    return found


def _sigma(graph: Graph, fields: Fields) -> list[list[float] | None]:
    from rfcalc.analyses.erf import deviations

    return [[round(x, 2) for x in sigma] if sigma else None for sigma in deviations(graph, fields.source)]


def _memory(analysis: Analysis) -> MemoryData:
    peak = analysis.peak
    node = analysis.ruled.node if analysis.ruled else None
    return {"peak": analysis.graph.by_name.get(peak.at, node), "bytes": peak.bytes, "about": peak.about}
