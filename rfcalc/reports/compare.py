"""The report of networks side by side: a row each, changes against one of them, the ones that no other one beats marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rfcalc.analyses.comparison import Compared, Comparison
from rfcalc.analyses.metrics import EFFECTIVE, SIGMAS, Better, Figure, Metric
from rfcalc.report.tables import Column, Report, Table, Tone
from rfcalc.report.units import growth
from rfcalc.reports.parts.contract import shape_data

if TYPE_CHECKING:
    from rfcalc.report.models.compare import ComparisonData, NetworkFiguresData

Cell = tuple[Figure, bool, float | None]


def comparison_report(found: Comparison, measured: Sequence[tuple[str, str]] = ()) -> Report:
    """The table of a comparison, with notes, and all of it as data; `measured` says how its latencies were."""
    columns = [Column("name", "Network", ratio=1), Column("input", "Input", spare=True)]
    columns += [_column(metric) for metric in found.metrics]
    rows = tuple(
        (f"{row.name}{' *' * row.best}", str(row.analysis.input), *(_cell(row, metric) for metric in found.metrics))
        for row in found
    )
    count = len(found)
    title = f"{count} network{'s' if count != 1 else ''}{f', against {found.against}' if found.against else ''}"
    return Report(title, (Table("", tuple(columns), rows),), (*_notes(found), *measured), _flat(found), _data(found))


def _cell(row: Compared, metric: Metric) -> Cell:
    change = row.change[metric.name] if row.change else None
    return row.figures[metric.name], metric.name in row.about, change


def _column(metric: Metric) -> Column:
    def text(cell: Cell) -> str:
        figure, about, change = cell
        shown = metric.absent if figure is None else "about " * about + metric.unit.show(figure)
        return f"{shown} {growth(change / 100)}" if change else shown

    def tone(cell: Cell) -> Tone | None:
        change = cell[2]
        if metric.better is Better.NEITHER or not change:
            return None
        return Tone.GOOD if (change < 0) == (metric.better is Better.LESS) else Tone.BAD

    return Column(metric.name, metric.title[0].upper() + metric.title[1:], text, True, tone=tone)


def _notes(found: Comparison) -> Iterator[tuple[str, str]]:
    less, more = ([m.title for m in found.metrics if m.better is way] for way in (Better.LESS, Better.MORE))
    judged = "; ".join(f"{way} {', '.join(titles)}" for way, titles in (("less", less), ("more", more)) if titles)
    yield "Best *", f"no other one is as good in every figure and better in one ({judged})"
    if any(row[EFFECTIVE.name] is not None for row in found):
        yield "Effective", f"the part of the field of the last map that counts under random weights, {SIGMAS} sigma wide"


def _flat(found: Comparison) -> Table:
    keys = ("network", "best", *(metric.stored for metric in found.metrics))
    rows = tuple(
        (
            row.name,
            str(row.best).lower(),
            *(("" if (value := row.figures[metric.name]) is None else value) for metric in found.metrics),
        )
        for row in found
    )
    return Table("networks", tuple(Column(key, key) for key in keys), rows)


def _data(found: Comparison) -> ComparisonData:
    return {"against": found.against or None, "networks": [_network(found, row) for row in found]}


def _network(found: Comparison, row: Compared) -> NetworkFiguresData:
    entry: NetworkFiguresData = {
        "name": row.name,
        "source": row.analysis.graph.source,
        "input": shape_data(row.analysis.input),
        "best": row.best,
        "figures": {metric.stored: row.figures[metric.name] for metric in found.metrics},
    }
    if row.about:
        entry["approximate"] = [metric.stored for metric in found.metrics if metric.name in row.about]
    if row.change is not None:
        entry["change_percent"] = {metric.stored: row.change[metric.name] for metric in found.metrics}
    return entry
