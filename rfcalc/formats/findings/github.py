"""Annotations of GitHub Actions: at most one workflow command per line of a file, and ten per run, errors first.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Sequence

from rfcalc.errors import visible
from rfcalc.formats.parts.screen import Screen
from rfcalc.report.findings import Finding, Outcome

MOST = 10  # GitHub shows no more of one step


def render(outcome: Outcome, screen: Screen) -> str:
    """Workflow commands, a line for each finding without one, then the summary. Notes are what the job's summary holds."""
    lines: dict[tuple[str, int], list[Finding]] = {}
    for finding in sorted(outcome.findings, key=lambda finding: finding.severity != "error"):
        if finding.severity != "note":
            lines.setdefault((finding.source, finding.line), []).append(finding)
    groups = list(lines.values())
    rest = [finding for group in groups[MOST:] for finding in group]
    more = [f"{len(rest)} more in the job's summary:", *(finding.headline for finding in rest)] if rest else []
    return "\n".join([*map(_command, groups[:MOST]), *more, outcome.summary])


def _command(findings: Sequence[Finding]) -> str:
    """All findings of one line."""
    first = findings[0]
    where = f"file={_property(first.source)},line={first.line},col={first.column}"
    text = "\n".join(f.text + (f" (hint: {f.hint})" if f.hint else "") for f in findings)
    title = _property("; ".join(dict.fromkeys(f"{f.code} {f.name}" for f in findings)))
    return f"::{first.severity} {where},title={title}::{_data(text)}"


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
