"""Tables for the screen: they fit its width, and stay plain text in a pipe."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.errors import visible
from rfcalc.formats.parts.grid import note_lines, table_lines
from rfcalc.formats.parts.screen import Screen
from rfcalc.report.tables import Answer, Report, Tone

WIDEST, PIPE = 160, 80  # columns of a picture: on a screen at most, and where there is none


def render(answer: Answer, screen: Screen) -> str:
    """The reports one below the other."""
    return "\n\n".join("\n".join(_report(report, screen)) for report in answer.reports)


def _report(report: Report, screen: Screen) -> Iterator[str]:
    yield screen.paint(visible(report.title), Tone.HEAD)
    for table in report.tables:
        if table.title:
            yield f"\n{screen.paint(visible(table.title), Tone.HEAD)}"
        yield from table_lines(table, screen)
    for picture in report.pictures:
        yield f"\n{screen.paint(visible(picture.title), Tone.HEAD)}"
        yield from picture.lines(min(screen.width, WIDEST) or PIPE)
    if report.notes:
        yield ""
        yield from note_lines(report.notes, screen)
