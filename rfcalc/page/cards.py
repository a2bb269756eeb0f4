"""What the head of the page says: figures of the network, its budgets with their verdicts, what the rules have found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rfcalc.analyses.metrics import COLUMNS, Shown
from rfcalc.analyses.network import Analysis
from rfcalc.analyses.rows import field_text
from rfcalc.checks.budget import broken
from rfcalc.checks.pages import page
from rfcalc.graph import Graph
from rfcalc.language.budget import Limit
from rfcalc.page.files import named
from rfcalc.record import replace
from rfcalc.report.findings import Finding
from rfcalc.report.units import joined, short

if TYPE_CHECKING:
    from rfcalc.report.models.page import BudgetData, CardData, PlacedFindingData


def cards(analysis: Analysis) -> list[CardData]:
    """Figures of the network as people read them."""
    return [
        {"label": label, "text": text, "note": note} if note else {"label": label, "text": text}
        for label, text, note in _cards(analysis)
    ]


def _cards(analysis: Analysis) -> Iterator[tuple[str, str, str]]:
    nodes, graph = analysis.graph.nodes, analysis.graph
    several = len(graph.inputs) > 1
    yield "input", ", ".join(f"{nodes[i].name} {nodes[i].shape}" if several else str(nodes[i].shape) for i in graph.inputs), ""
    outputs = analysis.outputs
    yield "output", ", ".join(str(layer.shape) for layer in outputs[:3]) + ", ..." * (len(outputs) > 3), ""
    if last := analysis.last_spatial:
        yield "receptive field", "at most " * last.bounded + field_text(last.field), f"of {last.name}"
        if last.field.stride:
            yield "stride", joined([float(x) for x in last.field.stride]), f"of {last.name}"
    yield "layers", f"{len(analysis.every):,}", ""
    for metric in COLUMNS:
        if Shown.TABLE in metric.shown:
            value = metric.of_network(analysis) or 0
            least = "at least " if metric.name == "macs" and (graph.rest or any(x.uncounted for x in analysis.every)) else ""
            yield metric.title, least + metric.unit.show(value), f"{int(value):,}"
    peak, saved = analysis.peak, analysis.saved
    yield "memory", peak.text, f"peak of live activations{f', while {peak.at} runs' if peak.at else ''}, batch 1"
    yield "training", f"{'about ' * saved.about}{short(analysis.training.bytes, 'B')}", f"{analysis.training.text}, batch 1"


def budgets(analysis: Analysis) -> list[BudgetData]:
    """The limits that the spec sets, and whether each is kept."""
    limits: Sequence[Limit] = analysis.graph.stated("budget", ())
    return [
        {
            "name": f"{limit.layer} {limit.name}".lstrip(),
            "text": limit.text,
            "ok": None if limit.change else not any(broken(analysis, [limit])),
        }
        for limit in limits
    ]


def findings(graph: Graph, found: Sequence[Finding]) -> list[PlacedFindingData]:
    """What the rules have found, with the layers that it is about."""
    return [
        {
            "code": one.code,
            "name": one.name,
            "severity": one.severity,
            "message": one.message,
            "hint": one.hint,
            "layers": [graph.by_name[name] for name in one.layers or (one.layer,) if name in graph.by_name],
            "place": replace(one, source=named(one.source)).place,
        }
        for one in found
    ]


def pages(found: Sequence[Finding]) -> dict[str, str]:
    """The page of each code that was found."""
    return {code: page(code) for code in dict.fromkeys(one.code for one in found)}
