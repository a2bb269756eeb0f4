"""The screen that a format writes for."""

from __future__ import annotations

from rfcalc.record import record


@record
class Screen:
    """Where the text goes: columns of the screen (0: as wide as it needs to be) and whether colours are welcome."""

    width: int = 0
    color: bool = False
