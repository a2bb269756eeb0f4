"""Budgets: limits on the figures of a network and of its layers, from the spec, the settings or flags, with units."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from rfcalc.analyses.metrics import BY_NAME, CHANGE, Figure, Metric
from rfcalc.analyses.network import Analysis
from rfcalc.errors import RuleError, did_you_mean
from rfcalc.record import record

UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
SIGNS = {"<=": "at most", ">=": "at least", "==": "exactly", "<": "below", ">": "above"}
WORDS = {"<=": "max", ">=": "min"}  # of options, such as --max-macs
_LIMIT = re.compile(
    r"^\s*(<=|>=|==|<|>)?\s*([0-9][0-9_]*(?:\.[0-9]+)?(?:e[0-9]+)?)\s*(%|(?:[kMGT]i?)?)\s*(?:B|MACs|FLOPs|px)?\s*$"
)


@record
class Limit:
    """A bound on one figure. `layer`: a glob if it holds for single layers; `change`: the bound is on the change against the
    base, in percent."""

    metric: Metric
    sign: str
    value: float
    text: str
    layer: str = ""
    change: bool = False

    @property
    def name(self) -> str:
        """The figure's key in a budget."""
        return self.metric.name + CHANGE * self.change

    def holds(self, figure: float) -> bool:
        """Whether a figure keeps the limit."""
        return {
            "<=": figure <= self.value,
            ">=": figure >= self.value,
            "==": figure == self.value,
            "<": figure < self.value,
            ">": figure > self.value,
        }[self.sign]


@record
class Broken:
    """A limit that does not hold, for the network as a whole if `layer` is empty."""

    limit: Limit
    layer: str
    message: str


def limit(name: str, text: object, usual: str = "<=", layer: str = "") -> Limit:
    """A limit such as "<= 4.2 G" on a figure; raises RuleError with a plain message."""
    metric, change = BY_NAME.get(name.removesuffix(CHANGE)), name.endswith(CHANGE)
    if metric is None:
        hint = did_you_mean(name, [*BY_NAME, *(known + CHANGE for known in BY_NAME)])
        raise RuleError(f'there is no budget "{name}"' + (f"; {hint}" if hint else ""))
    if layer and (change or metric.whole):
        raise RuleError(f"{name} is no figure of a single layer")
    match = _LIMIT.match(str(text))
    if isinstance(text, bool) or not match:
        raise RuleError(f'a budget is a sign, a number and a unit, such as "<= 4.2 G", not {text!r}')
    sign, number, unit = match.groups()
    if (unit == "%") != change:
        raise RuleError(f"{name} takes {'a percentage' if change else 'no percentage'}, not {text!r}")
    value = float(number.replace("_", "")) * (1 if change else UNITS[unit])
    return Limit(metric, sign or usual, value, str(text).strip(), layer, change)


def limits(budget: object) -> Iterator[Limit]:
    """The limits of a `budget:` mapping; a key that is no figure is a glob over layers with a mapping of its own."""
    if not isinstance(budget, Mapping):
        raise RuleError("budget is a mapping of figures to limits")
    for key, value in budget.items():
        if isinstance(value, Mapping):
            for name, text in value.items():
                yield limit(str(name), text, layer=str(key))
        else:
            yield limit(str(key), value)


def broken(analysis: Analysis, bounds: Sequence[Limit], base: Analysis | None = None) -> Iterator[Broken]:
    """The limits that do not hold; those on changes only if there is a base. A figure that a network or a layer does not have
    (the field of a layer that sees all) breaks none."""
    for bound in bounds:
        if bound.change:
            if base is not None:
                yield from _changed(analysis, base, bound)
        elif bound.layer:
            for layer in analysis.layers:
                if fnmatchcase(layer.name, bound.layer) or fnmatchcase(layer.node.part_of, bound.layer):
                    yield from _beyond(bound, layer.name, bound.metric.of_layer(layer))
        else:
            yield from _beyond(bound, "", bound.metric.of_network(analysis))


def _beyond(bound: Limit, layer: str, figure: Figure) -> Iterator[Broken]:
    if figure is not None and not bound.holds(figure):
        shown, wanted = map(bound.metric.unit.show, (figure, bound.value))
        yield Broken(bound, layer, f"{bound.metric.text}: {shown}, the budget is {SIGNS[bound.sign]} {wanted}")


def _changed(analysis: Analysis, base: Analysis, bound: Limit) -> Iterator[Broken]:
    new, old = map(bound.metric.of_network, (analysis, base))
    if new is None or not old:
        return
    change = 100 * (new - old) / old
    if not bound.holds(change):
        message = f"{bound.metric.text} changed by {change:+.1f} %, the budget is {SIGNS[bound.sign]} {bound.value:g} %"
        yield Broken(bound, "", message)
