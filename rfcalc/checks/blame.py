"""Which layer a figure comes from, where it breaks a limit."""

from __future__ import annotations

from rfcalc.analyses.metrics import Metric
from rfcalc.analyses.network import Analysis
from rfcalc.checks.budget import Broken
from rfcalc.report.units import percent


def blamed(analysis: Analysis, found: Broken) -> str:
    """A layer and what it has to do with the figure, in a few words."""
    metric = found.limit.metric
    if found.layer:
        return f"in {found.layer}"
    if metric.adds_up:
        return _largest(analysis, metric)
    if metric.axes:
        return f"at {analysis.last_spatial.name}, the last map" if analysis.last_spatial else ""
    return metric.owes(analysis)


def _largest(analysis: Analysis, metric: Metric) -> str:
    """The layer with the most of a figure that adds up, and its share."""
    most, name = max(((metric.of_layers([layer]), layer.name) for layer in analysis.every), key=lambda amount: amount[0])
    total = metric.of_layers(analysis.every)
    return f"the most in {name}: {metric.unit.show(most)}, {percent(most / total)}" if total else ""
