"""Published figures: what a paper or a release says that a network has, as `published:` of a spec writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from rfcalc.analyses.metrics import BY_NAME, METRICS, Metric
from rfcalc.errors import Placed, RuleError, Span, did_you_mean
from rfcalc.graph import Node, layer_hint
from rfcalc.language.budget import UNITS
from rfcalc.language.problems import Problems
from rfcalc.layers.settings import name_of
from rfcalc.record import record

CODE = "E125"
KEYS = ("value", "source", "tolerance")
EXAMPLE = 'params: {value: 25_557_032, source: "He et al. 2015, table 1"}'
_NUMBER = re.compile(r"\s*([0-9][0-9_,]*)(?:\.([0-9]+))?(e[0-9]+)?\s*((?:[kMGT]i?)?)\s*(?:B|MACs|FLOPs|px)?\s*")
_PERCENT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*%\s*")


@record
class Published:
    """A figure of the network, or of its layer `layer`; `text` is what is printed, `within` how far off a figure may be: half
    of the last digit that is printed, unless the spec says more."""

    metric: Metric
    value: float
    within: float
    text: str
    source: str
    layer: str = ""
    span: Span | None = None

    def is_for(self, node: Node) -> bool:
        """Whether this is a figure of a certain layer, by its own name or by that of the spec's layer."""
        return self.layer in (node.name, node.part_of)


def published(given: Placed, nodes: Sequence[Node], problems: Problems) -> tuple[Published, ...]:
    """The figures of a `published:` mapping; one of a layer stands below its name. What is wrong is a problem at its place."""
    if not isinstance(given.value, Mapping):
        what = f"published is a mapping of figures to what is published, not {name_of(given.value)}"
        problems.add(CODE, what, given.span, EXAMPLE)
        return ()
    found: list[Published] = []
    for key, entry in given.entries.items():
        if key not in BY_NAME and BY_NAME.keys() & entry.entries.keys():
            if not any(str(key) in (node.name, node.part_of) for node in nodes):
                names = (node.name for node in nodes[:5000])
                problems.add(CODE, f'published: there is no layer "{str(key)[:60]}"', entry.key, layer_hint(str(key), names))
            found += _figures(entry, str(key), problems)
    return (*_figures(given, "", problems), *found)


def _figures(given: Placed, layer: str, problems: Problems) -> Iterator[Published]:
    for key, entry in given.entries.items():
        metric = BY_NAME.get(key)
        if metric is None:
            if layer or not BY_NAME.keys() & entry.entries.keys():
                hint = did_you_mean(str(key), BY_NAME) or f"the figures are {', '.join(BY_NAME)}"
                problems.add(CODE, f'published: there is no figure "{str(key)[:60]}"', entry.key, hint)
        elif layer and not metric.per_layer:
            single = ", ".join(metric.name for metric in METRICS if metric.per_layer)
            problems.add(CODE, f"published: {key} is no figure of a single layer", entry.key, f"those of layers are {single}")
        else:
            for one in entry.entries.values() if isinstance(entry.value, list | tuple) else (entry,):
                yield from _figure(metric, one, entry, layer, problems)


def _figure(metric: Metric, one: Placed, entry: Placed, layer: str, problems: Problems) -> Iterator[Published]:
    """One entry of a figure; nothing where something in it is wrong."""
    what = f"published: {metric.name}"
    if not isinstance(one.value, Mapping):
        problems.add(CODE, f"{what} is a mapping of value and source, not {name_of(one.value)}", one.span, EXAMPLE)
        return
    wrong = [key for key in one.entries if key not in KEYS]
    for key in wrong:
        hint = did_you_mean(str(key), KEYS) or f"the keys are {', '.join(KEYS)}"
        problems.add(CODE, f'{what} has no "{str(key)[:60]}"', one.entries[key].key, hint)
    for key in [key for key in KEYS[:2] if one.value.get(key) is None]:
        if not wrong:
            problems.add(CODE, f"{what} needs a {key}", one.key or one.span or entry.key, EXAMPLE)
        wrong.append(key)
    if wrong:
        return
    try:
        value, half = _parsed("value", one.entries["value"])
        source = one.value["source"]
        if not isinstance(source, str):
            raise _WrongError(f"source is a text, not {name_of(source)}", one.entries["source"])
        within = _within(one.entries["tolerance"], value) if one.value.get("tolerance") is not None else half
    except _WrongError as error:
        problems.add(CODE, f"{what}: {error}", error.place.span)
        return
    yield Published(metric, value, within, _text(one.value["value"]), source, layer, one.entries["value"].span)


class _WrongError(RuleError):
    """A value that cannot be used, and where it stands."""

    def __init__(self, message: str, place: Placed) -> None:
        super().__init__(message)
        self.place = place


def _parsed(key: str, given: Placed) -> tuple[float, float]:
    """A number with its unit, and half of its last digit."""
    match = None if isinstance(given.value, bool) else _NUMBER.fullmatch(str(given.value))
    if match is None:
        shown = repr(given.value)[:60] if isinstance(given.value, str) else name_of(given.value)
        raise _WrongError(f'{key} is a number with its unit, such as 25_557_032 or "3.8 G", not {shown}', given)
    whole, decimals, power, unit = match.groups()
    scale = UNITS[unit] * float(f"1{power or ''}")
    digits = re.sub("[_,]", "", whole)
    return float(f"{digits}.{decimals or 0}") * scale, 0.5 * 10.0 ** -len(decimals or "") * scale


def _within(given: Placed, value: float) -> float:
    match = _PERCENT.fullmatch(str(given.value))
    return value * float(match[1]) / 100 if match else _parsed("tolerance", given)[0]


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
