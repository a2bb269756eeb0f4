"""Budgets: limits on a network's figures, from the spec, the settings or flags, with units."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from rfcalc.analyses.network import Analysis, Layer
from rfcalc.errors import RuleError, did_you_mean
from rfcalc.record import record
from rfcalc.report.units import plain, short

UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
SIGNS = {"<=": "at most", ">=": "at least", "==": "exactly", "<": "below", ">": "above"}
_LIMIT = re.compile(
    r"^\s*(<=|>=|==|<|>)?\s*([0-9][0-9_]*(?:\.[0-9]+)?(?:e[0-9]+)?)\s*(%|(?:[kMGT]i?)?)\s*(?:B|MACs|FLOPs|px)?\s*$"
)

# metric: (what it is, whether it is counted in bytes or the like)
METRICS: dict[str, str] = {
    "params": "parameters",
    "macs": "MACs",
    "flops": "FLOPs",
    "memory": "peak activation bytes",
    "receptive_field": "receptive field",
    "downsampling": "downsampling",
    "layers": "layers",
}
CHANGES = ("params_change", "macs_change", "flops_change", "memory_change")


@record
class Limit:
    """A bound on one metric. `layer`: a glob if it holds for single layers; `percent`: a change against the base."""

    metric: str
    sign: str
    value: float
    text: str
    layer: str = ""
    percent: bool = False

    def holds(self, figure: float) -> bool:
        """Whether a figure keeps the limit."""
        return {
            "<=": figure <= self.value,
            ">=": figure >= self.value,
            "==": figure == self.value,
            "<": figure < self.value,
            ">": figure > self.value,
        }[self.sign]


def limit(metric: str, text: Any, usual: str = "<=", layer: str = "") -> Limit:
    """A limit such as "<= 4.2 G" for a metric; raises RuleError with a plain message."""
    if metric not in METRICS and metric not in CHANGES:
        hint = did_you_mean(metric, [*METRICS, *CHANGES])
        raise RuleError(f'there is no budget "{metric}"' + (f"; {hint}" if hint else ""))
    found = _LIMIT.match(str(text))
    if isinstance(text, bool) or not found:
        raise RuleError(f'a budget is a sign, a number and a unit, such as "<= 4.2 G", not {text!r}')
    sign, number, unit = found.groups()
    percent = unit == "%"
    if percent != (metric in CHANGES):
        raise RuleError(f"{metric} takes {'a percentage' if metric in CHANGES else 'no percentage'}, not {text!r}")
    value = float(number.replace("_", "")) * (1 if percent else UNITS[unit])
    return Limit(metric, sign or usual, value, str(text).strip(), layer, percent)


def limits(budget: Any) -> Iterator[Limit]:
    """The limits of a `budget:` mapping; a key that is no metric is a glob over layers with a mapping of its own."""
    if not isinstance(budget, Mapping):
        raise RuleError("budget is a mapping of metrics to limits")
    for key, value in budget.items():
        if isinstance(value, Mapping):
            for metric, text in value.items():
                yield limit(str(metric), text, layer=str(key))
        else:
            yield limit(str(key), value)


def figure(analysis: Analysis, metric: str) -> float | None:
    """A network's figure; None where it has none (a global field counts as unlimited)."""
    if metric in ("receptive_field", "downsampling"):
        layer = analysis.last_spatial
        return None if layer is None else layer_figure(layer, metric)
    return {
        "params": analysis.params,
        "macs": analysis.macs,
        "flops": 2 * analysis.macs,
        "memory": analysis.peak.bytes,
        "layers": len(analysis.layers),
    }[metric]


def layer_figure(layer: Layer, metric: str) -> float | None:
    """A layer's figure; of several axes the smallest field and the largest downsampling."""
    if metric == "receptive_field":
        return None if layer.field.size is None else min(layer.field.size)
    if metric == "downsampling":
        return float(max(layer.downsampling)) if layer.downsampling else None
    if metric in ("params", "macs", "flops"):
        return {"params": layer.params, "macs": layer.macs, "flops": 2 * layer.macs}[metric]
    raise RuleError(f"{metric} is no figure of a single layer")


def broken(analysis: Analysis, bounds: list[Limit], base: Analysis | None = None) -> Iterator[tuple[Limit, str, str]]:
    """(limit, layer or "", message) for each limit that does not hold."""
    for bound in bounds:
        if bound.metric in CHANGES:
            if base is not None:
                yield from _changed(analysis, base, bound)
        elif bound.layer:
            for layer in analysis.layers:
                if fnmatchcase(layer.name, bound.layer) or fnmatchcase(layer.node.part_of, bound.layer):
                    value = layer_figure(layer, bound.metric)
                    if value is not None and not bound.holds(value):
                        yield bound, layer.name, _message(bound, value)
        else:
            value = figure(analysis, bound.metric)
            if value is not None and not bound.holds(value):
                yield bound, "", _message(bound, value)


def _changed(analysis: Analysis, base: Analysis, bound: Limit) -> Iterator[tuple[Limit, str, str]]:
    metric = bound.metric.removesuffix("_change")
    new, old = figure(analysis, metric), figure(base, metric)
    if new is None or not old:
        return
    change = 100 * (new - old) / old
    if not bound.holds(change):
        yield bound, "", f"{METRICS[metric]} changed by {change:+.1f} %, the budget is {SIGNS[bound.sign]} {bound.value:g} %"


def _message(bound: Limit, value: float) -> str:
    exact = bound.metric in ("receptive_field", "downsampling", "layers")
    shown, wanted = (plain(x) if exact else short(int(x)) for x in (value, bound.value))
    return f"{METRICS[bound.metric]}: {shown}, the budget is {SIGNS[bound.sign]} {wanted}"
