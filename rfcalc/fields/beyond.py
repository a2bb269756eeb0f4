"""Units beyond those that are listed: where a pattern has too many phases to list, a unit is made when it is asked for.

A layer lists the units that it has. Those that padding would hold lie outside, and each is made of units of the layer before,
which may lie outside as well: down a chain of any length, without recursion.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Made(Protocol):
    """Units that are made of other units, and remembered."""

    def knows(self, unit: int) -> bool:
        """True if the unit is listed or remembered."""

    def parts(self, unit: int) -> Iterable[tuple[Made, int]]:
        """The units of other layers that a unit is made of."""

    def learn(self, unit: int) -> None:
        """Makes a unit, of which every part is known, and remembers it."""


def settle(made: Made, unit: int) -> None:
    """Makes a unit known, and before it whatever it is made of."""
    waiting = [(made, unit)]
    while waiting:
        made, unit = waiting[-1]
        missing = [] if made.knows(unit) else [part for part in made.parts(unit) if not part[0].knows(part[1])]
        if missing:
            waiting += missing
            continue
        if not made.knows(unit):
            made.learn(unit)
        waiting.pop()
