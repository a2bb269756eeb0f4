"""The page of two networks: their layers merged by name, with the figures of both."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from rfcalc.analyses.layer import Layer
from rfcalc.analyses.metrics import METRICS, Metric, Shown
from rfcalc.analyses.network import Analysis
from rfcalc.analyses.rows import field_text
from rfcalc.layers.label import label
from rfcalc.report.units import growth

if TYPE_CHECKING:
    from rfcalc.report.models.page import ChangeCardData, ComparePageData, PairData, SideData


def compare_data(before: Analysis, after: Analysis, names: tuple[str, str] = ("", ""), command: str = "") -> ComparePageData:
    """The page of two networks. `names`: what they are called, where that is not their own name."""
    old, new = (name or analysis.graph.name for name, analysis in zip(names, (before, after), strict=True))
    return {
        "kind": "compare",
        "title": f"{old} and {new}",
        "command": command,
        "before": old,
        "after": new,
        "cards": list(_cards(before, after)),
        "rows": [_pair(name, before, after) for name in _merged(before, after)],
    }


def _cards(before: Analysis, after: Analysis) -> Iterator[ChangeCardData]:
    yield {"label": "input", "before": str(before.input), "after": str(after.input), "change": ""}
    for metric in METRICS:
        if Shown.BASELINE in metric.shown or Shown.DIFF in metric.shown:
            old, new = metric.of_network(before), metric.of_network(after)
            change = growth((new - old) / old) if old and new is not None and old != new else ""
            yield {"label": metric.title, "before": _text(metric, before), "after": _text(metric, after), "change": change}


def _text(metric: Metric, analysis: Analysis) -> str:
    value = metric.of_network(analysis)
    return metric.absent if value is None else "about " * metric.about(analysis) + metric.unit.show(value)


def _merged(before: Analysis, after: Analysis) -> list[str]:
    """The names of both in one order: that of the network after, and what is gone where it was."""
    old, new = ([layer.name for layer in analysis.every] for analysis in (before, after))
    kept, found = set(new), dict[str, None]()
    for _, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        found |= dict.fromkeys(name for name in old[a:b] if name not in kept)
        found |= dict.fromkeys(new[c:d])
    return list(found)


def _pair(name: str, before: Analysis, after: Analysis) -> PairData:
    old, new = (_side(analysis[name]) if name in analysis else None for analysis in (before, after))
    state = "added" if old is None else "removed" if new is None else "same" if old == new else "changed"
    return {"name": name, "state": state, "before": old, "after": new}


def _side(layer: Layer) -> SideData:
    return {
        "op": label(layer.node.op, layer.shape.rank),
        "shape": str(layer.shape),
        "field": "<=" * layer.bounded + field_text(layer.field),
        "macs": None if layer.uncounted else layer.macs,
        "params": layer.params,
    }
