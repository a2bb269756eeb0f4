"""Markdown for a pull request or a job summary."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.formats.parts.markdown import escape, table_lines
from rfcalc.formats.parts.screen import Screen
from rfcalc.report.findings import Outcome


def render(outcome: Outcome, screen: Screen) -> str:
    """Tables, then findings, then the summary."""
    return "\n".join(_lines(outcome))


def _lines(outcome: Outcome) -> Iterator[str]:
    yield f"### rfcalc {outcome.command}\n"
    for table in outcome.tables:
        if table.title:
            yield f"**{escape(table.title)}**\n"
        yield from table_lines(table)
        yield ""
    findings = [finding for finding in outcome.findings if finding.severity != "note"]  # which the tables hold
    if findings:
        yield "| Place | Code | Finding |"
        yield "| --- | --- | --- |"
        for finding in findings:
            hint = f" ({finding.hint})" if finding.hint else ""
            yield f"| {escape(finding.place)} | {finding.code} | {escape(finding.text + hint)} |"
        yield ""
    yield escape(outcome.summary)
