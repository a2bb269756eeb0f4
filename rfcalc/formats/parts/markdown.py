"""Pieces of Markdown that several formats write."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.report.tables import Table


def table_lines(table: Table) -> Iterator[str]:
    """The lines of a table, without its title."""
    yield "| " + " | ".join(column.title for column in table.columns) + " |"
    yield "| " + " | ".join("---:" if column.right else "---" for column in table.columns) + " |"
    for row in table.rows:
        yield "| " + " | ".join(escape(c.show(v)) for c, v in zip(table.columns, row, strict=True)) + " |"


def escape(text: str) -> str:
    """Text that Markdown takes literally, on one line."""
    for sign in "\\|*_<>`[]":
        text = text.replace(sign, "\\" + sign)
    return text.replace("\n", " ")
