"""SARIF 2.1.0, which code scanning services read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from pathlib import PurePath
from urllib.parse import quote

from rfcalc.formats.parts.screen import Screen
from rfcalc.report.findings import Finding, Outcome
from rfcalc.report.tables import Json
from rfcalc.version import __version__


def render(outcome: Outcome, screen: Screen) -> str:
    """One run with its rules and results."""
    known = [code.code for code in outcome.codes]
    driver = {
        "name": "rfcalc",
        "version": __version__,
        "rules": [
            {
                "id": code.code,
                "name": code.name,
                "shortDescription": {"text": code.summary},
                "defaultConfiguration": {"level": code.severity},
            }
            for code in outcome.codes
        ],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(outcome, known)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, known) for finding in outcome.findings],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2)


def _invocation(outcome: Outcome, known: list[str]) -> dict[str, Json]:
    """Whether the run could do its work; what could not be read is a notification, and a result too, which services show."""
    if outcome.complete:
        return {"executionSuccessful": True}
    told: list[Json] = [
        {
            "descriptor": {"id": finding.code, "index": known.index(finding.code)},
            "level": "error",
            "message": {"text": finding.text},
            "locations": [_location(finding)],
        }
        for finding in outcome.findings
        if finding.unread
    ]
    return {"executionSuccessful": False, "toolExecutionNotifications": told}


def _result(finding: Finding, known: list[str]) -> dict[str, Json]:
    text = f"{finding.text}{f' Hint: {finding.hint}' if finding.hint else ''}"
    result: dict[str, Json] = {
        "ruleId": finding.code,
        "level": finding.severity,
        "message": {"text": text},
        "locations": [_location(finding)],
    }
    if finding.code in known:
        result["ruleIndex"] = known.index(finding.code)
    return result


def _location(finding: Finding) -> dict[str, Json]:
    region: dict[str, Json] = {"startLine": finding.line, "startColumn": finding.column}
    found: dict[str, Json] = {
        "physicalLocation": {"artifactLocation": {"uri": quote(PurePath(finding.source).as_posix())}, "region": region}
    }
    if finding.layer:
        found["logicalLocations"] = [{"name": name, "kind": "object"} for name in finding.layers or (finding.layer,)]
    return found
