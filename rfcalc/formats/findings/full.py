"""For people: each finding with its source line, a caret and a hint; tables; the summary."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.report.findings import Outcome
from rfcalc.report.tables import Table


def render(outcome: Outcome) -> str:
    """The outcome as plain text; notes are what the tables say already."""
    blocks = ["\n".join(_table(table)) for table in outcome.tables]
    blocks += [str(one) for one in outcome.findings if one.severity != "note"]
    return "\n\n".join([*blocks, outcome.summary])


def _table(table: Table) -> Iterator[str]:
    cells = [[column.title for column in table.columns]]
    cells += [[c.show(v) for c, v in zip(table.columns, row, strict=True)] for row in table.rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(table.columns))]
    if table.title:
        yield table.title
    for row in cells:
        parts = (
            cell.rjust(width) if column.right else cell.ljust(width)
            for cell, width, column in zip(row, widths, table.columns, strict=True)
        )
        yield "  ".join(parts).rstrip()
