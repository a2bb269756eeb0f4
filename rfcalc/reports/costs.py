"""The report of `explain-cost`: why two tools disagree about one network, term by term."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rfcalc.analyses.cost import CONVENTIONS, terms, total
from rfcalc.graph import Graph
from rfcalc.report.tables import Column, Report, Table
from rfcalc.report.units import short
from rfcalc.reports.parts.flat import flat_table

if TYPE_CHECKING:
    from rfcalc.report.models.costs import CostsData

FIRST_COLUMNS = (Column("kind", "Operation", ratio=3, wrap=True), Column("count", "Count", lambda n: f"{n:,}", True))


def cost_report(graph: Graph) -> Report:
    """One row per kind of operation: its count, and how often each convention counts it; the totals; what is never counted."""
    kinds = terms(graph)
    counted = [term for term in kinds if any(term.factor(name) for name in CONVENTIONS)]
    columns = (*FIRST_COLUMNS, *(Column(name, name, _factor, True) for name in CONVENTIONS))
    rows = tuple((term.meaning, term.count, *(term.factor(name) for name in CONVENTIONS)) for term in counted)
    totals = {name: total(graph, name) for name in CONVENTIONS}
    shape = graph.nodes[graph.inputs[0]].shape
    notes = [(name, f"{short(value)} ({value:,}) at {shape}{_against(totals, name)}") for name, value in totals.items()]
    rest = [term for term in kinds if term not in counted]
    if rest:
        notes.append(("Nobody counts", "; ".join(f"{short(term.count)} x {term.meaning}" for term in rest)))
    data: CostsData = {
        "name": graph.name,
        "source": graph.source,
        "totals": totals,
        "terms": [
            {
                "kind": term.kind,
                "meaning": term.meaning,
                "count": term.count,
                "amounts": {name: term.amount(name) for name in CONVENTIONS},
                "layers": list(term.layers),
            }
            for term in kinds
        ],
    }
    table = Table("How often each tool counts one", columns, rows)
    flat = flat_table(graph.name, [column.key for column in columns], rows)
    return Report(f"{graph.name} at {shape}: what each tool counts", (table,), tuple(notes), flat, data)


def _factor(value: int) -> str:
    return str(value) if value else "."


def _against(totals: dict[str, int], name: str) -> str:
    macs = totals["macs"]
    return "" if name == "macs" or not macs else f", {totals[name] / macs:.3f} x MACs"
