"""For people: each finding with its source line, a caret and a hint; tables; the summary."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.errors import visible
from rfcalc.formats.parts.grid import table_lines
from rfcalc.formats.parts.messages import painted
from rfcalc.formats.parts.screen import Screen
from rfcalc.record import replace
from rfcalc.report.findings import Outcome
from rfcalc.report.tables import Table, Tone


def render(outcome: Outcome, screen: Screen) -> str:
    """The outcome as text; notes are what the tables say already."""
    blocks = ["\n".join(_table(table, screen)) for table in outcome.tables]
    blocks += [painted(str(one), screen) for one in outcome.findings if one.severity != "note"]
    return "\n\n".join([*blocks, outcome.summary])


def _table(table: Table, screen: Screen) -> Iterator[str]:
    if table.title:
        yield screen.paint(visible(table.title), Tone.HEAD)
    yield from table_lines(table, replace(screen, width=0), rule=False)
