"""The report of `rfcalc transform`: the figures before and after, and what stays equal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from rfcalc.analyses.receptive_field import Fields
from rfcalc.analyses.target import target
from rfcalc.graph import Graph
from rfcalc.report.tables import Column, Report, Table
from rfcalc.report.units import growth, joined, short, times
from rfcalc.transforms.outcome import Transformed

if TYPE_CHECKING:
    from rfcalc.report.models.transform import TransformData, TransformFiguresData, TransformStepData

SHOWN = 6
TITLES = {
    "macs": "MACs",
    "params": "Parameters",
    "layers": "Layers",
    "output": "Output",
    "field_of": "Last map",
    "receptive_field": "  its receptive field",
    "stride": "  its stride",
}


def transform_report(graph: Graph, steps: Sequence[tuple[str, Transformed]], spec: str) -> Report:
    """Totals of the graph before and after, in a table; per step what it changed and what is equal."""
    before, after = _figures(graph), _figures(steps[-1][1].graph)
    both = [(name, before.get(name, "-"), after.get(name, "-")) for name in TITLES if name in {**before, **after}]
    rows = tuple((name, old, new, _change(old, new)) for name, old, new in both)
    columns = (
        Column("what", "At " + str(graph.nodes[graph.inputs[0]].shape), TITLES.__getitem__),
        Column("before", "Before", _show, True, ratio=1, wrap=True),
        Column("after", "After", _show, True, ratio=1, wrap=True),
        Column("change", "", str, True),
    )
    macs = [_macs(graph), *(_macs(outcome.graph) for _, outcome in steps)]
    notes = [
        ("" if i else word, text)
        for (word, outcome), both in zip(steps, pairwise(macs), strict=True)
        for i, text in enumerate((_changed(outcome), _both(*both), outcome.equivalence, *outcome.notes))
    ]
    flat = Table(graph.name, tuple(Column(c.key, c.key) for c in columns[:3]), tuple(row[:3] for row in rows))
    data: TransformData = {
        "name": graph.name,
        "source": graph.source,
        "steps": [_step(*step, *both) for step, both in zip(steps, pairwise(macs), strict=True)],
        "before": before,
        "after": after,
        "spec": spec,
    }
    title = f"{graph.name}: {', '.join(word for word, _ in steps)}"
    return Report(title, (Table("", columns, rows),), tuple(notes), flat, data)


def _figures(graph: Graph) -> TransformFiguresData:
    fields = Fields(graph)
    at = target(graph, fields, [])
    field = None if at is None else fields.of(at)
    entry: TransformFiguresData = {
        "macs": _macs(graph),
        "params": sum(node.cost.params for node in graph.nodes),
        "layers": len(graph.layers),
        "output": ", ".join(str(graph.nodes[i].shape) for i in graph.outputs),
    }
    if at is not None and field is not None and field.size and field.stride:
        entry["field_of"] = f"{graph.nodes[at].name} {graph.nodes[at].shape}"
        entry["receptive_field"] = times(field.size)
        entry["stride"] = joined([float(x) for x in field.stride])
    return entry


def _macs(graph: Graph) -> int:
    return sum(node.cost.macs for node in graph.nodes)


def _show(value: object) -> str:
    return short(value) if isinstance(value, int) else str(value)


def _change(before: object, after: object) -> str:
    if not isinstance(before, int) or not isinstance(after, int) or before == after or not before:
        return ""
    change = after / before - 1
    return growth(change) if abs(change) >= 0.0005 else f"{after - before:+,}"


def _changed(outcome: Transformed) -> str:
    names = outcome.changed
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{len(names)} layer{'s' if len(names) > 1 else ''} changed: {', '.join(names[:SHOWN])}{more}"


def _both(before: int, after: int) -> str:
    change = _change(before, after)
    return (
        f"MACs {short(before)} before and after"
        if not change
        else f"MACs {short(before)} before, {short(after)} after ({change})"
    )


def _step(word: str, outcome: Transformed, before: int, after: int) -> TransformStepData:
    return {
        "transform": word,
        "changed": list(outcome.changed),
        "macs_before": before,
        "macs_after": after,
        "equivalence": outcome.equivalence,
        "equal": outcome.equal,
        "notes": list(outcome.notes),
    }
