"""Markdown: the tables and the notes, for a pull request or a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rfcalc.formats import Screen
from rfcalc.report import Report, Table


def render(reports: Sequence[Report], screen: Screen) -> str:
    """The reports, one section each."""
    return "\n\n".join("\n".join(_section(report)) for report in reports)


def _section(report: Report) -> Iterator[str]:
    yield f"## {_safe(report.title)}"
    for table in report.tables:
        yield ""
        if table.title:
            yield f"### {_safe(table.title)}\n"
        yield from _table(table)
    for picture in report.pictures:
        yield f"\n### {_safe(picture.title)}\n\n```text"
        yield from picture.lines(100)
        yield "```"
    yield ""
    for name, text in report.notes:
        yield f"- **{_safe(name)}**: {_safe(text)}"


def _table(table: Table) -> Iterator[str]:
    yield "| " + " | ".join(column.title for column in table.columns) + " |"
    yield "| " + " | ".join("---:" if column.right else "---" for column in table.columns) + " |"
    for row in table.rows:
        yield "| " + " | ".join(_safe(c.show(v)) for c, v in zip(table.columns, row, strict=True)) + " |"


def _safe(text: str) -> str:
    for sign in "\\|*_<>`[]":
        text = text.replace(sign, "\\" + sign)
    return text.replace("\n", " ")
