"""Annotations of GitHub Actions: one workflow command per finding.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from rfcalc.report.findings import Finding, Outcome

LEVELS = {"note": "notice", "warning": "warning", "error": "error"}


def render(outcome: Outcome) -> str:
    """Workflow commands, then the summary."""
    return "\n".join([*map(_command, outcome.findings), outcome.summary])


def _command(finding: Finding) -> str:
    where = f"file={_property(finding.source)},line={finding.line},col={finding.column}"
    text = finding.text + (f" (hint: {finding.hint})" if finding.hint else "")
    title = _property(f"{finding.code} {finding.name}")
    return f"::{LEVELS[finding.severity]} {where},title={title}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
