"""Which limits of budgets a network does not keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rfcalc.analyses.metrics import Figure
from rfcalc.analyses.network import Analysis
from rfcalc.language.budget import SIGNS, Limit
from rfcalc.record import record


@record
class Broken:
    """A limit that does not hold, for the network as a whole if `layer` is empty."""

    limit: Limit
    layer: str
    message: str


def broken(analysis: Analysis, bounds: Sequence[Limit], base: Analysis | None = None) -> Iterator[Broken]:
    """The limits that do not hold; those on changes only if there is a base. A figure that a network or a layer does not have
    (the field of a layer that sees all) breaks none."""
    for bound in bounds:
        if bound.change:
            if base is not None:
                yield from _changed(analysis, base, bound)
        elif bound.layer:
            for layer in analysis.every:
                if bound.covers(layer.node):
                    yield from _beyond(bound, layer.name, bound.metric.of_layer(layer))
        else:
            yield from _beyond(bound, "", bound.metric.of_network(analysis), bound.metric.about(analysis))


def _beyond(bound: Limit, layer: str, figure: Figure, about: bool = False) -> Iterator[Broken]:
    if figure is not None and not bound.holds(figure):
        shown, wanted = map(bound.metric.unit.show, (figure, bound.value))
        yield Broken(
            bound, layer, f"{bound.metric.text}: {'about ' * about}{shown}, the budget is {SIGNS[bound.sign]} {wanted}"
        )


def _changed(analysis: Analysis, base: Analysis, bound: Limit) -> Iterator[Broken]:
    new, old = map(bound.metric.of_network, (analysis, base))
    if new is None or not old:
        return
    change = 100 * (new - old) / old
    if not bound.holds(change):
        message = f"{bound.metric.text} changed by {change:+.1f} %, the budget is {SIGNS[bound.sign]} {bound.value:g} %"
        yield Broken(bound, "", message)
