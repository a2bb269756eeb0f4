"""Markdown for a pull request or a job summary."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.findings import Outcome
from rfcalc.report import Table


def render(outcome: Outcome) -> str:
    """Tables, then findings, then the summary."""
    return "\n".join(_lines(outcome))


def _lines(outcome: Outcome) -> Iterator[str]:
    yield f"### rfcalc {outcome.command}\n"
    for table in outcome.tables:
        yield from _table(table)
        yield ""
    if outcome.findings:
        yield "| Place | Code | Finding |"
        yield "| --- | --- | --- |"
        for finding in outcome.findings:
            hint = f" ({finding.hint})" if finding.hint else ""
            yield f"| {escape(finding.place)} | {finding.code} | {escape(finding.text + hint)} |"
        yield ""
    yield escape(outcome.summary)


def _table(table: Table) -> Iterator[str]:
    if table.title:
        yield f"**{escape(table.title)}**\n"
    yield "| " + " | ".join(column.title for column in table.columns) + " |"
    yield "| " + " | ".join("---:" if column.right else "---" for column in table.columns) + " |"
    for row in table.rows:
        yield "| " + " | ".join(escape(c.show(v)) for c, v in zip(table.columns, row, strict=True)) + " |"


def escape(text: str) -> str:
    """Text that Markdown takes literally, on one line."""
    for sign in "\\|*_<>`[]":
        text = text.replace(sign, "\\" + sign)
    return text.replace("\n", " ")
