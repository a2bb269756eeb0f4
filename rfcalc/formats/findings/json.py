"""JSON for programs."""

from __future__ import annotations

import json

from rfcalc.report.findings import Finding, Outcome


def render(outcome: Outcome) -> str:
    """{"schema_version", "command", "findings": [...], "summary", ...}."""
    data = {
        "schema_version": 1,
        "command": outcome.command,
        "summary": outcome.summary,
        "findings": [_finding(finding) for finding in outcome.findings],
        **(outcome.data or {}),
    }
    return json.dumps(data, indent=2)


def _finding(finding: Finding) -> dict[str, str | int | list[str]]:
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        "network": finding.network,
        "spec": finding.case,
        "layer": finding.layer,
        "layers": list(finding.layers) or [finding.layer] * bool(finding.layer),
        "file": finding.source,
        "line": finding.line,
        "column": finding.column,
    }
