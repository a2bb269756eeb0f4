"""Formats: a Report becomes text. Each room has `render(reports, screen) -> str` and knows no graph."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from rfcalc.formats.parts.screen import Screen
from rfcalc.report.tables import Report

FORMATS: dict[str, str] = {
    "table": "rfcalc.formats.table",
    "json": "rfcalc.formats.json",
    "csv": "rfcalc.formats.csv",
    "markdown": "rfcalc.formats.markdown",
}


def render(name: str, reports: Sequence[Report], screen: Screen) -> str:
    """The reports as text in the format `name`, a key of FORMATS."""
    return str(import_module(FORMATS[name]).render(reports, screen))
