"""Formats: a Report becomes text. Each room has `render(reports, screen) -> str` and knows no graph."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from rfcalc.record import record
from rfcalc.report.tables import Report

FORMATS: dict[str, str] = {
    "table": "rfcalc.formats.table",
    "json": "rfcalc.formats.json",
    "csv": "rfcalc.formats.csv",
    "markdown": "rfcalc.formats.markdown",
}


@record
class Screen:
    """Where the text goes: columns of the screen (0: as wide as it needs to be) and whether colours are welcome."""

    width: int = 0
    color: bool = False


def render(name: str, reports: Sequence[Report], screen: Screen) -> str:
    """The reports as text in the format `name`, a key of FORMATS."""
    return str(import_module(FORMATS[name]).render(reports, screen))
