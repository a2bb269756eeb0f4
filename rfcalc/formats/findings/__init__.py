"""Formats of `check` and `diff`: an Outcome becomes text. Each room has `render(outcome, screen) -> str`."""

from __future__ import annotations

from importlib import import_module

from rfcalc.formats.parts.screen import Screen
from rfcalc.report.findings import Outcome

PLAIN = Screen()

FORMATS: dict[str, str] = {
    "full": "rfcalc.formats.findings.full",
    "concise": "rfcalc.formats.findings.concise",
    "json": "rfcalc.formats.findings.json",
    "markdown": "rfcalc.formats.findings.markdown",
    "github": "rfcalc.formats.findings.github",
    "gitlab": "rfcalc.formats.findings.gitlab",
    "sarif": "rfcalc.formats.findings.sarif",
    "junit": "rfcalc.formats.findings.junit",
}


def render(name: str, outcome: Outcome, screen: Screen = PLAIN) -> str:
    """The outcome as text in the format `name`, a key of FORMATS."""
    return str(import_module(FORMATS[name]).render(outcome, screen))
