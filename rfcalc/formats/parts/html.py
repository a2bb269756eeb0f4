"""Pieces of HTML: a report as a fragment that stands by itself, as notebooks show it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from rfcalc.report.tables import Report, Table

RIGHT = ' style="text-align:right"'
LEFT = ' style="text-align:left"'


def report_html(report: Report) -> str:
    """The title, the tables and the notes of a report; everything that a network names is escaped."""
    return "\n".join(_parts(report))


def _parts(report: Report) -> Iterator[str]:
    yield f"<div><p><strong>{escape(report.title)}</strong></p>"
    for table in report.tables:
        yield from _table(table)
    if report.notes:
        rows = (f"<tr><td{LEFT}>{escape(name)}</td><td{LEFT}>{escape(text)}</td></tr>" for name, text in report.notes)
        yield f"<table><tbody>{''.join(rows)}</tbody></table>"
    yield "</div>"


def _table(table: Table) -> Iterator[str]:
    sides = [RIGHT if column.right else LEFT for column in table.columns]
    yield "<table>"
    if table.title:
        yield f"<caption>{escape(table.title)}</caption>"
    heads = "".join(f"<th{side}>{escape(column.title)}</th>" for column, side in zip(table.columns, sides, strict=True))
    yield f"<thead><tr>{heads}</tr></thead><tbody>"
    for row in table.rows:
        shown = (column.show(value) for column, value in zip(table.columns, row, strict=True))
        yield f"<tr>{''.join(f'<td{side}>{escape(text)}</td>' for text, side in zip(shown, sides, strict=True))}</tr>"
    yield "</tbody></table>"
