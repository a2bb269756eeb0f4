"""Markdown: the tables and the notes, for a pull request or a page."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.formats.parts.markdown import escape, table_lines
from rfcalc.formats.parts.screen import Screen
from rfcalc.report.tables import Answer, Report


def render(answer: Answer, screen: Screen) -> str:
    """The reports, one section each."""
    return "\n\n".join("\n".join(_section(report)) for report in answer.reports)


def _section(report: Report) -> Iterator[str]:
    yield f"## {escape(report.title)}"
    for table in report.tables:
        yield ""
        if table.title:
            yield f"### {escape(table.title)}\n"
        yield from table_lines(table)
    for picture in report.pictures:
        yield f"\n### {escape(picture.title)}\n\n```text"
        yield from picture.lines(100)
        yield "```"
    yield ""
    for name, text in report.notes:
        yield f"- **{escape(name)}**: {escape(text)}"
