"""The screen that a format writes for, and what may stand on it."""

from __future__ import annotations

from rfcalc.record import record
from rfcalc.report.tables import Tone

# ANSI's eight colours are the reader's own, so that they are legible on light and on dark; no meaning is in a colour alone.
CODES = {
    Tone.HEAD: "1",
    Tone.FAINT: "2",
    Tone.GOOD: "32",
    Tone.WARN: "33",
    Tone.BAD: "31",
    Tone.WORST: "1;31",
    Tone.PLACE: "36",
}


@record
class Screen:
    """Where the text goes: columns of the screen (0: as wide as it needs to be) and whether colours are welcome."""

    width: int = 0
    color: bool = False

    def paint(self, text: str, tone: Tone | None) -> str:
        """A text in a tone, where colours are welcome."""
        return f"\x1b[{CODES[tone]}m{text}\x1b[0m" if self.color and tone and text.strip() else text


def columns(text: str) -> int:
    """How many columns of a terminal a line takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text)
