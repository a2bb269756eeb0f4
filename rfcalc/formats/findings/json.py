"""JSON for programs."""

from __future__ import annotations

import json

from rfcalc.report.findings import Outcome


def render(outcome: Outcome) -> str:
    """{"schema_version", "command", "findings": [...], "summary", ...}."""
    data = {
        "schema_version": 1,
        "command": outcome.command,
        "summary": outcome.summary,
        "findings": [finding.data() for finding in outcome.findings],
        **(outcome.data or {}),
    }
    return json.dumps(data, indent=2)
