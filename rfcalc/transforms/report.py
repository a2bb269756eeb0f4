"""The report of `rfcalc transform`: the figures before and after, and what stays equal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rfcalc.analyses.receptive_field import Fields
from rfcalc.figures import target
from rfcalc.graph import Graph
from rfcalc.report import Column, Report, Table
from rfcalc.transforms.outcome import Outcome
from rfcalc.units import joined, short, times

SHOWN = 6


def transform_report(graph: Graph, steps: Sequence[tuple[str, Outcome]], spec: str) -> Report:
    """Totals of the graph before and after, in a table; per step what it changed and what is equal."""
    before, after = _figures(graph), _figures(steps[-1][1].graph)
    rows = tuple((name, before[name], after[name], _change(before[name], after[name])) for name in before)
    columns = (
        Column("what", "At " + str(graph.nodes[graph.inputs[0]].shape), str),
        Column("before", "Before", _show, True),
        Column("after", "After", _show, True),
        Column("change", "", str, True),
    )
    notes = [(word, text) for word, outcome in steps for text in (_changed(outcome), outcome.equivalence, *outcome.notes)]
    flat = Table(graph.name, tuple(Column(c.key, c.key) for c in columns[:3]), tuple(row[:3] for row in rows))
    data = {
        "name": graph.name,
        "source": graph.source,
        "steps": [_step(word, outcome) for word, outcome in steps],
        "before": before,
        "after": after,
        "spec": spec,
    }
    title = f"{graph.name}: {', '.join(word for word, _ in steps)}"
    return Report(title, (Table("", columns, rows),), tuple(notes), flat, data)


def _figures(graph: Graph) -> dict[str, Any]:
    fields = Fields(graph)
    at = target(graph, fields, [])
    field = None if at is None else fields.of(at)
    found: dict[str, Any] = {
        "macs": sum(node.cost.macs for node in graph.nodes),
        "params": sum(node.cost.params for node in graph.nodes),
        "layers": len(graph.layers),
        "output": ", ".join(str(graph.nodes[i].shape) for i in graph.outputs),
    }
    if at is not None and field is not None and field.size and field.stride:
        found["field_of"] = f"{graph.nodes[at].name} {graph.nodes[at].shape}"
        found["receptive_field"] = times(field.size)
        found["stride"] = joined([float(x) for x in field.stride])
    return found


def _show(value: Any) -> str:
    return short(value) if isinstance(value, int) else str(value)


def _change(before: Any, after: Any) -> str:
    if not isinstance(before, int) or not isinstance(after, int) or before == after or not before:
        return ""
    return f"{after / before - 1:+.1%}"


def _changed(outcome: Outcome) -> str:
    names = outcome.changed
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{len(names)} layers changed: {', '.join(names[:SHOWN])}{more}"


def _step(word: str, outcome: Outcome) -> dict[str, Any]:
    return {
        "transform": word,
        "changed": list(outcome.changed),
        "equivalence": outcome.equivalence,
        "equal": not outcome.equivalence.startswith("not equivalent"),
        "notes": list(outcome.notes),
    }
