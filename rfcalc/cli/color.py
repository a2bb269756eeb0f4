"""Colours: whether a stream welcomes them, and the option that says so, which every command has."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TextIO

from rfcalc.cli import complete
from rfcalc.cli.declared import Context, UsageError, option
from rfcalc.cli.gathered import gathered
from rfcalc.errors import did_you_mean, visible

if TYPE_CHECKING:
    from rfcalc.formats.parts.screen import Screen

WHEN = ("auto", "always", "never")
LEAST_WIDTH = 40  # of a screen
IN_THE_WAY: list[Callable[[], None]] = []  # each takes away what stands on the terminal


def _chosen(_: Context, when: str) -> str:
    """Says it by the usual variables, which typer's own messages obey as well."""
    if when not in WHEN:
        hint = did_you_mean(when, WHEN)
        raise UsageError(f"--color takes one of {', '.join(WHEN)}, not {when!r}" + (f"; {hint}" if hint else ""))
    if when != "auto":
        os.environ.pop("NO_COLOR", None)
        os.environ.pop("FORCE_COLOR", None)
        os.environ["FORCE_COLOR" if when == "always" else "NO_COLOR"] = "1"
    return when


Color = Annotated[
    str,
    option(
        "--color",
        metavar="WHEN",
        help="Colours: auto (on a terminal), always or never. NO_COLOR and FORCE_COLOR are obeyed.",
        callback=_chosen,
        is_eager=True,
        autocompletion=complete.one_of(lambda: WHEN),
    ),
]

colored: Callable[[Callable[..., None]], Callable[..., None]] = gathered("", {"color": (Color, "auto")}, lambda values: None)


def welcome(stream: TextIO) -> bool:
    """Whether a stream shows colours: NO_COLOR and FORCE_COLOR decide, or else whether it is a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def screen(stream: TextIO) -> Screen:
    """The screen behind a stream: the width that COLUMNS gives, or a terminal has; 0 for a pipe."""
    from rfcalc.formats.parts.screen import Screen

    given = os.environ.get("COLUMNS", "")
    width = int(given) if given.isdigit() and LEAST_WIDTH <= int(given) <= 10**6 else 0
    if not width and stream.isatty():
        width = os.get_terminal_size(stream.fileno()).columns
    return Screen(width, welcome(stream))


def hush() -> None:
    """Takes away what says how far the work is, before something is printed."""
    for away in IN_THE_WAY:
        away()


def complain(text: str) -> None:
    """Prints messages on standard error."""
    text = visible(text)
    if welcome(sys.stderr):
        from rfcalc.formats.parts.messages import painted
        from rfcalc.formats.parts.screen import Screen

        text = painted(text, Screen(color=True))
    hush()
    print(text, file=sys.stderr)
