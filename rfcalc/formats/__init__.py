"""Formats: an Answer becomes text. Each room has `render(answer, screen) -> str` and knows no graph."""

from __future__ import annotations

from importlib import import_module

from rfcalc.formats.parts.screen import Screen
from rfcalc.report.tables import Answer

FORMATS: dict[str, str] = {
    "table": "rfcalc.formats.table",
    "json": "rfcalc.formats.json",
    "jsonl": "rfcalc.formats.jsonl",
    "csv": "rfcalc.formats.csv",
    "markdown": "rfcalc.formats.markdown",
}


def render(name: str, answer: Answer, screen: Screen) -> str:
    """The answer as text in the format `name`, a key of FORMATS; empty where that format has nothing to say."""
    return str(import_module(FORMATS[name]).render(answer, screen))
