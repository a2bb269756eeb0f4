"""Pieces of Markdown that several formats write."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rfcalc.errors import visible
from rfcalc.report.tables import Table

MENTION = re.compile(r"(?<!\w)@(?=\w)")


def table_lines(table: Table) -> Iterator[str]:
    """The lines of a table, without its title."""
    yield "| " + " | ".join(column.title for column in table.columns) + " |"
    yield "| " + " | ".join("---:" if column.right else "---" for column in table.columns) + " |"
    for row in table.rows:
        yield "| " + " | ".join(escape(c.show(v)) for c, v in zip(table.columns, row, strict=True)) + " |"


def escape(text: str) -> str:
    """Text that Markdown takes literally, on one line, and that calls nobody by name."""
    text = visible(text)
    for sign in "\\|*_<>`[]":
        text = text.replace(sign, "\\" + sign)
    return MENTION.sub("@&#8203;", text.replace("\n", " "))
