"""SARIF 2.1.0, which code scanning services read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from pathlib import PurePath
from urllib.parse import quote

from rfcalc.report.findings import Finding, Outcome
from rfcalc.report.tables import Json
from rfcalc.version import __version__


def render(outcome: Outcome) -> str:
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
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, known) for finding in outcome.findings],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2)


def _result(finding: Finding, known: list[str]) -> dict[str, Json]:
    text = f"{finding.text}{f' Hint: {finding.hint}' if finding.hint else ''}"
    region: dict[str, Json] = {"startLine": finding.line, "startColumn": finding.column}
    location: dict[str, Json] = {
        "physicalLocation": {"artifactLocation": {"uri": quote(PurePath(finding.source).as_posix())}, "region": region}
    }
    if finding.layer:
        location["logicalLocations"] = [{"name": finding.layer, "kind": "object"}]
    found: dict[str, Json] = {
        "ruleId": finding.code,
        "level": finding.severity,
        "message": {"text": text},
        "locations": [location],
    }
    if finding.code in known:
        found["ruleIndex"] = known.index(finding.code)
    return found
