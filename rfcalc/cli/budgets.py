"""The options of budgets, such as --max-macs: one or two for each figure."""

from __future__ import annotations

from typing import Annotated

from rfcalc.analyses.metrics import METRICS, Metric
from rfcalc.cli.common import usage
from rfcalc.cli.declared import option
from rfcalc.cli.gathered import gathered
from rfcalc.language.budget import SIGNS, WORDS, Limit, LimitError, limit

OPTIONS = {
    f"{WORDS[sign]}_{metric.option}": (metric, sign) for metric in METRICS if metric.option for sign in metric.better.value
}


def _limits(values: dict[str, list[str] | None]) -> list[Limit]:
    limits = []
    for name, texts in values.items():
        metric, sign = OPTIONS[name]
        for given in texts or ():
            glob, _, text = given.rpartition("=")
            try:
                limits.append(limit(metric.name, f"{sign} {text}", glob))
            except LimitError as error:
                raise usage("; ".join(part for part in (str(error), error.hint) if part)) from None
    return limits


def _option(metric: Metric, sign: str) -> object:
    metavar, whose = ("[GLOB=]N", ", of the network or of layers that match") if metric.per_layer else ("N", "")
    return Annotated[list[str] | None, option(metavar=metavar, help=f"Budget: {metric.text} {SIGNS[sign]} N{whose}.")]


# Gives a command the options of budgets; it gets them as one argument, `bounds`.
budgets = gathered("bounds", {name: (_option(*what), None) for name, what in OPTIONS.items()}, _limits)
