"""JSON for programs."""

from __future__ import annotations

import json

from rfcalc.formats.parts.screen import Screen
from rfcalc.report.findings import Finding, Outcome
from rfcalc.report.models.findings import CheckData, FindingData
from rfcalc.version import HEAD


def render(outcome: Outcome, screen: Screen) -> str:
    """{"schema_version", "rfcalc_version", "command", "summary", "findings": [...], ...}."""
    findings = [_finding(finding) for finding in outcome.findings]
    data: CheckData = {"command": outcome.command, "summary": outcome.summary, "findings": findings}
    return json.dumps({**HEAD, **data, **(outcome.data or {})}, indent=2)


def _finding(finding: Finding) -> FindingData:
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
