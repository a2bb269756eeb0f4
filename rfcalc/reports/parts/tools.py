"""What tools measure of a network, beside what their conventions state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rfcalc.backends.proof.tools import ToolCount
from rfcalc.record import replace
from rfcalc.report.tables import Column, Report, Table, Tone

if TYPE_CHECKING:
    from rfcalc.report.models.costs import ToolCountData

UNEXPLAINED = "unexplained"


def with_tools(report: Report, runs: str, counts: Sequence[ToolCount]) -> Report:
    """The report of a network's cost, with what tools measured. `runs`: what they ran on, where that is no matter of course."""
    tables = [*report.tables, Table("What the tools measure", _columns("tool", "Tool"), tuple(map(_row, counts)))]
    if where := tuple(_modules(counts)):
        tables.append(Table("Where they differ", (Column("tool", "Tool"), *_columns("module", "Module")), where))
    notes = (*report.notes, *((("Runs", runs),) if runs else ()))
    return replace(report, tables=tuple(tables), notes=notes, data={**report.data, "tools": [_data(one) for one in counts]})


def _columns(key: str, title: str) -> tuple[Column, ...]:
    return (
        Column(key, title, ratio=2),
        Column("stated", "Stated", _number, True),
        Column("measured", "Measured", _number, True),
        Column("cause", "Difference", ratio=3, wrap=True, tone=lambda cause: Tone.WARN if UNEXPLAINED in cause else None),
    )


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _row(one: ToolCount) -> tuple[object, ...]:
    if one.equal or one.measured is None:
        return one.tool, one.stated, one.measured, one.cause or "none"
    return one.tool, one.stated, one.measured, f"{one.measured - one.stated:+,}: {one.cause or UNEXPLAINED}"


def _modules(counts: Sequence[ToolCount]) -> Iterator[tuple[object, ...]]:
    for one in counts:
        for part in one.modules:
            yield one.tool, part.path or "(forward)", part.stated, part.measured, f"{part.measured - part.stated:+,}"


def _data(one: ToolCount) -> ToolCountData:
    return {
        "tool": one.tool,
        "stated": one.stated,
        "measured": one.measured,
        "cause": one.cause,
        "modules": [{"module": part.path, "stated": part.stated, "measured": part.measured} for part in one.modules],
    }
