"""Budgets: limits on the figures of a network and of its layers, with units, as specs, settings and options write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from math import isfinite

from rfcalc.analyses.metrics import BY_NAME, CHANGE, METRICS, Metric
from rfcalc.errors import Placed, RuleError, Span, did_you_mean
from rfcalc.graph import Node, layer_hint
from rfcalc.language.problems import Problems
from rfcalc.layers.settings import name_of
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
    base, in percent; `text` is what stands at `span`, the place in a file if it is in one."""

    metric: Metric
    sign: str
    value: float
    text: str
    layer: str = ""
    change: bool = False
    span: Span | None = None

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

    def covers(self, node: Node) -> bool:
        """Whether a limit on single layers holds for this one, by its own name or by that of the spec's layer."""
        return fnmatchcase(node.name, self.layer) or fnmatchcase(node.part_of, self.layer)


class LimitError(RuleError):
    """What is no limit: what is wrong with it, how it is mended, and whether its key is at fault."""

    def __init__(self, message: str, hint: str = "", key: bool = False) -> None:
        super().__init__(message)
        self.hint, self.key = hint, key


def limit(name: str, text: object, layer: str = "", span: Span | None = None) -> Limit:
    """A limit such as "<= 4.2 G" on a figure; a number without a sign is the most that a cost may be. Raises LimitError."""
    metric, change = BY_NAME.get(name.removesuffix(CHANGE)), name.endswith(CHANGE)
    if metric is None:
        hint = did_you_mean(name, [*BY_NAME, *(known + CHANGE for known in BY_NAME)])
        raise LimitError(f'there is no budget "{name[:60]}"', hint or f"the figures are {', '.join(BY_NAME)}", True)
    if layer and (change or not metric.per_layer):
        single = ", ".join(metric.name for metric in METRICS if metric.per_layer)
        raise LimitError(f"{name} is no figure of a single layer", f"those of layers are {single}", True)
    match = None if isinstance(text, bool) else _LIMIT.match(str(text))
    if not match:
        shown = repr(text) if isinstance(text, str) else name_of(text)
        raise LimitError(f'a budget is a sign, a number and a unit, such as "<= 4.2 G", not {shown[:60]}')
    sign, number, unit = match.groups()
    if (unit == "%") != change:
        raise LimitError(f"{name} takes {'a percentage' if change else 'no percentage'}, not {text!r}")
    if not sign and not metric.unit.is_cost:
        bare = str(text).strip()
        what = f"{name}: {bare} does not say whether this is the least or the most"
        raise LimitError(what, f'">= {bare}" is at least, "<= {bare}" at most, "== {bare}" exactly')
    value = float(number.replace("_", "")) * (1 if change else UNITS[unit])
    if not isfinite(value):
        raise LimitError(f"{name}: no figure is as large as {str(text).strip()[:60]}")
    return Limit(metric, sign or "<=", value, str(text).strip(), layer, change, span)


def limits(budget: Placed, problems: Problems) -> tuple[Limit, ...]:
    """The limits of a `budget:` mapping; a key that is no figure is a glob over layers with a mapping of its own. Every limit
    that is none is a problem, at its own place."""
    if not isinstance(budget.value, Mapping):
        problems.add(
            "E123", f"budget is a mapping of figures to limits, not {name_of(budget.value)}", budget.span, "macs: <= 4 G"
        )
        return ()
    return tuple(_limits(budget, "", problems))


def _limits(budget: Placed, layer: str, problems: Problems) -> Iterator[Limit]:
    for key, entry in budget.entries.items():
        if isinstance(entry.value, Mapping) and not layer:
            yield from _limits(entry, str(key), problems)
            continue
        try:
            yield limit(str(key), entry.value, layer, entry.span)
        except LimitError as error:
            problems.add("E123", f"budget: {error}", entry.key if error.key else entry.span, error.hint)


def unmatched(budget: Placed, bounds: Iterable[Limit], nodes: Iterable[Node], problems: Problems) -> None:
    """Reports the globs of a budget that match no layer: their limits would hold nothing."""
    layers = [node for node in nodes if not node.is_input]
    for glob in dict.fromkeys(bound.layer for bound in bounds if bound.layer):
        if not any(bound.covers(node) for bound in bounds if bound.layer == glob for node in layers):
            hint = layer_hint(glob, (node.name for node in layers[:5000]))
            place = next((entry.key for key, entry in budget.entries.items() if str(key) == glob), budget.span)
            problems.add("E123", f'budget: no layer matches "{glob[:60]}"', place, hint)
