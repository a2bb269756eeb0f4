"""The columns of the layer table: the usual ones, and those that `--columns` may name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rfcalc.analyses.metrics import COLUMNS, Metric, Shown, Unit
from rfcalc.analyses.network import Analysis
from rfcalc.analyses.receptive_field import ReceptiveField
from rfcalc.analyses.rows import TableRow, View, field_text
from rfcalc.report.tables import Column, Tone
from rfcalc.report.units import joined, percent, short

Cell = Callable[[TableRow], object]
ALWAYS = ("name", "op", "output", "field", "stride", "share", "inputs", "start", "downsampling")
CHOICES = (*ALWAYS, *(metric.name for metric in COLUMNS))
BAR = 8  # columns of a full bar
HOT, WARM = 0.15, 0.05  # shares of the whole


def layer_columns(analysis: Analysis, rows: Sequence[TableRow], view: View) -> list[tuple[Column, Cell]]:
    """The columns, each with its cell of a row: those that the view names by their keys, after the name, or the usual ones with
    the figure that sorts them."""
    usual, sort = list(_usual(analysis, rows)), view.sort
    if not view.columns and sort and sort.each and all(column.key != sort.name for column, _ in usual):
        share = usual[-1][0].spare
        usual.insert(len(usual) - share, _amount(sort))
    if not view.columns:
        return usual
    known = {column.key: (column, cell) for column, cell in [*_more(), *map(_amount, COLUMNS), _share(analysis, rows), *usual]}
    return [known[key] for key in dict.fromkeys(["name", *view.columns])]


def _usual(analysis: Analysis, rows: Sequence[TableRow]) -> Iterator[tuple[Column, Cell]]:
    shown = [metric for metric in COLUMNS if Shown.TABLE in metric.shown]
    yield Column("name", "Layer", ratio=3), lambda row: row.name
    yield Column("op", "Op", ratio=4, yields=3), lambda row: row.op
    yield Column("output", "Output", yields=1), lambda row: row.last.node.shape
    yield Column("field", "RF", _field_text, True, tone=_field_tone), lambda row: row.field
    if any(row.last.sigma for row in rows):
        yield Column("erf", "ERF sigma", lambda sigma: joined(sigma) if sigma else "-", True), lambda row: row.last.sigma
    if any(row.adds for row in rows):
        yield Column("adds", "Adds", lambda adds: f"+{joined(adds)}" if any(adds) else "", True), lambda row: row.adds
    if any(_holes_text(row.last.field) for row in rows):
        yield Column("read", "Read", _holes_text, True), lambda row: row.last.field
    yield Column("stride", "Stride", _stride_text, True, yields=2), lambda row: row.last.field
    yield from (_amount(metric) for metric in shown if metric.unit is Unit.OPERATIONS)
    if analysis.convention:
        yield Column("cost", analysis.convention.name, short, True), lambda row: row.cost
    yield from (_amount(metric) for metric in shown if metric.unit is not Unit.OPERATIONS)
    if analysis.macs and len(rows) > 1:
        yield _share(analysis, rows)


def _more() -> Iterator[tuple[Column, Cell]]:
    yield Column("inputs", "Inputs", ratio=2), lambda row: ", ".join(row.inputs)
    yield Column("start", "Start", lambda field: joined(field.start) if field.start else "-", True), lambda row: row.last.field
    steps = Column(
        "downsampling", "Downsampling", lambda factors: joined([float(x) for x in factors]) if factors else "-", True
    )
    yield steps, lambda row: row.last.downsampling


def _amount(metric: Metric) -> tuple[Column, Cell]:
    """The column of a figure; a question mark for what layers have that nobody can count."""

    def text(cell: tuple[float, bool, bool]) -> str:
        value, unknown, about = cell
        return "?" if unknown and not value else "about " * about + metric.unit.show(value) + "+?" * unknown

    return Column(metric.name, metric.title[0].upper() + metric.title[1:], text, True), lambda row: row.amount(metric)


def _share(analysis: Analysis, rows: Sequence[TableRow]) -> tuple[Column, Cell]:
    """What part of the network's MACs a row has, and a bar against that of the largest row."""

    def share(row: TableRow) -> float:
        return sum(layer.macs for layer in row.layers) / max(1, analysis.macs)

    most = max(map(share, rows), default=0) or 1

    def text(part: float) -> str:
        eighths = round(2 * BAR * part / most)
        return f"{percent(part):>7} {'█' * (eighths // 2)}{'▌' * (eighths % 2)}" if part else ""

    return Column("share", "Share of MACs", text, spare=True, tone=_heat), share


def _heat(share: float) -> Tone | None:
    return Tone.WORST if share >= HOT else Tone.WARN if share >= WARM else None


def _field_tone(cell: tuple[ReceptiveField, bool, bool]) -> Tone | None:
    return Tone.WARN if cell[1] else None


def _field_text(cell: tuple[ReceptiveField, bool, bool]) -> str:
    field, unproductive, bounded = cell
    return "<=" * bounded + field_text(field) + "*" * unproductive


def _stride_text(field: ReceptiveField) -> str:
    return "-" if field.stride is None else joined([float(x) for x in field.stride])


def _holes_text(field: ReceptiveField) -> str:
    return "" if field.coverage in (None, 1.0) else percent(min(field.coverage, 0.99), 0)
