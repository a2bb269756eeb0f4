"""The report of `rfcalc paths`: a network as an ensemble of paths, with bar charts of their lengths and fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rfcalc.analyses.paths import PathCounts, PathFields, mirrored, path_fields, path_lengths
from rfcalc.analyses.why import widest
from rfcalc.fields.forward import Support
from rfcalc.graph import Graph
from rfcalc.record import record, replace
from rfcalc.report.tables import Column, Report, Table
from rfcalc.report.units import percent, plain
from rfcalc.reports.parts.flat import flat_table

if TYPE_CHECKING:
    from rfcalc.report.models.paths import PathFieldsData, PathsData

MOST_ROWS = 24
BAR = 32
Counts = dict[int, int]


@record
class Ensemble:
    """The paths to one layer by length, and those to layer `seen` (the last with a field) by the box they see per axis."""

    graph: Graph
    target: int
    lengths: PathCounts
    seen: int | None
    fields: tuple[PathFields, ...]


def ensemble(graph: Graph, target: int, seen: int | None, supports: Sequence[Support]) -> Ensemble:
    """The paths of a network from its first input; `seen` is the layer whose fields are counted. Raises RuleError."""
    source = graph.inputs[0]
    lengths = path_lengths(graph, target, source)
    if seen is None:
        return Ensemble(graph, target, lengths, None, ())
    fields: list[PathFields] = []
    for axis in range(len(graph.nodes[source].shape.size) if supports[seen].terms else 0):
        unit = widest(supports[seen], axis)[axis]
        if axis and unit == fields[0].unit and mirrored(graph, axis):
            fields.append(replace(fields[0], axis=axis))
        else:
            fields.append(path_fields(graph, seen, source, axis, unit))
    return Ensemble(graph, target, lengths, seen, tuple(fields))


def paths_report(found: Ensemble) -> Report:
    """Two charts and what they say."""
    graph = found.graph
    tables = [_chart("Weighted layers on a path", "Layers", found.lengths.lengths)]
    if found.fields and found.seen is not None:
        shown = _distinct(found.fields)
        for each in shown:
            axis = "" if len(shown) == 1 else f", axis {each.axis}"
            tables.append(_chart(f"Pixels that a path to {graph.nodes[found.seen].name} sees{axis}", "Pixels", each.fields))
    keys = ("kind", "axis", "value", "paths")
    rows: list[tuple[str, object, int, int]] = [("length", "", value, count) for value, count in found.lengths.lengths.items()]
    rows += [("field", each.axis, value, count) for each in found.fields for value, count in each.fields.items()]
    title = f"{graph.name}: paths to {graph.nodes[found.target].name}"
    return Report(title, tuple(tables), tuple(_notes(found)), flat_table(graph.name, keys, rows), paths_data(found))


def _chart(title: str, what: str, counts: Counts) -> Table:
    """A bar chart; neighbouring values share a row where there are many."""
    total, bins = sum(counts.values()), binned(counts)
    most = max((count for _, _, count in bins), default=1)
    columns = (
        Column("value", what, lambda ends: str(ends[0]) if ends[0] == ends[1] else f"{ends[0]}-{ends[1]}", True),
        Column("paths", "Paths", count_text, True),
        Column("share", "Share", lambda share: percent(share) if share >= 0.0005 or not share else "<0.1 %", True),
        Column("bar", "", lambda share: "█" * round(BAR * share) or ("▏" if share else "")),
    )
    return Table(title, columns, tuple(((a, b), count, count / total, count / most) for a, b, count in bins))


def binned(counts: Counts) -> list[tuple[int, int, int]]:
    """(first, last, paths) of counts, of at most MOST_ROWS rows of equal width."""
    if len(counts) <= MOST_ROWS:
        return [(value, value, count) for value, count in counts.items()]
    low, high = min(counts), max(counts)
    width = -(-(high - low + 1) // MOST_ROWS)
    sums: dict[int, int] = {}
    for value, count in counts.items():
        sums[(value - low) // width] = sums.get((value - low) // width, 0) + count
    return [(low + k * width, min(high, low + (k + 1) * width - 1), sums[k]) for k in sorted(sums)]


def count_text(count: int) -> str:
    """A number of paths: with commas, or in powers of ten where it is long."""
    return f"{count:,}" if count < 10**7 else f"{_scientific(count)}"


def _scientific(count: int) -> str:
    digits = str(count)
    return f"{digits[0]}.{digits[1:3]}e{len(digits) - 1}"


def _notes(found: Ensemble) -> Iterator[tuple[str, str]]:
    count = found.lengths.count
    power = f" (2^{count.bit_length() - 1})" if count > 2 and count & (count - 1) == 0 else ""
    shown = f"{count:,}" if count < 10**24 else _scientific(count)
    yield "Paths", f"{shown}{power}: wherever a layer reads several others, each is a choice"
    yield "Length", f"layers with multiply-accumulates; {_spread(found.lengths.lengths)}"
    for each in _distinct(found.fields):
        name = "Field" if len(_distinct(found.fields)) == 1 else f"Field, axis {each.axis}"
        if each.fields:
            bound = ", an upper bound where units are left out" if each.bound else ""
            yield name, f"{_spread(each.fields)} pixels{bound}"
        for number, text in ((each.whole, "the whole input through a global layer"), (each.nothing, "nothing at this unit")):
            if number:
                yield name, f"{count_text(number)} more {'paths see' if number > 1 else 'path sees'} {text}"


def _distinct(fields: Sequence[PathFields]) -> Sequence[PathFields]:
    """One axis, where all are the same."""
    return fields[:1] if len({(*each.fields.items(), each.whole, each.nothing) for each in fields}) == 1 else fields


def _spread(counts: Counts) -> str:
    """A distribution in a line: "6 to 152, mean 79, 90 % of the paths from 66 to 92"."""
    if not counts:
        return "no path"
    total = sum(counts.values())
    mean = sum(value * count for value, count in counts.items()) / total
    low, high = _quantile(counts, total, 5), _quantile(counts, total, 95)
    ends = f"{min(counts)} to {max(counts)}" if len(counts) > 1 else str(min(counts))
    return f"{ends}, mean {plain(mean)}" + (f", 90 % of the paths from {low} to {high}" if len(counts) > 9 else "")


def _quantile(counts: Counts, total: int, percent: int) -> int:
    """The least value that at least `percent` % of the paths do not exceed."""
    seen = 0
    for value, count in counts.items():
        seen += count
        if 100 * seen >= percent * total:
            return value
    return max(counts)


def paths_data(found: Ensemble) -> PathsData:
    """The answer as JSON; numbers of paths are exact and may exceed 2^53."""
    graph = found.graph
    fields: list[PathFieldsData] = [
        {
            "axis": each.axis,
            "unit": each.unit,
            "sizes": list(each.fields.items()),
            "whole_input": each.whole,
            "nothing": each.nothing,
            "upper_bound": each.bound,
        }
        for each in found.fields
    ]
    return {
        "name": graph.name,
        "source": graph.source,
        "layer": graph.nodes[found.target].name,
        "paths": found.lengths.count,
        "lengths": list(found.lengths.lengths.items()),
        "fields_of": None if found.seen is None else graph.nodes[found.seen].name,
        "fields": fields,
    }
