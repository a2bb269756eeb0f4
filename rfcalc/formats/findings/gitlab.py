"""GitLab's code quality report (the part of the Code Climate format that it reads).

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json
from hashlib import sha256

from rfcalc.formats.parts.screen import Screen
from rfcalc.report.findings import Finding, Outcome

SEVERITIES = {"note": "info", "warning": "minor", "error": "major"}


def render(outcome: Outcome, screen: Screen) -> str:
    """A JSON list with one entry per finding."""
    return json.dumps([_entry(finding) for finding in outcome.findings], indent=2)


def _entry(finding: Finding) -> dict[str, object]:
    same = "\0".join((finding.code, finding.source, finding.network, finding.layer, finding.message))
    return {
        "description": f"{finding.text}{f' (hint: {finding.hint})' if finding.hint else ''}",
        "check_name": f"{finding.code} {finding.name}",
        "fingerprint": sha256(same.encode()).hexdigest(),
        "severity": "critical" if finding.unread else SEVERITIES[finding.severity],
        "location": {"path": finding.source, "lines": {"begin": finding.line}},
    }
