"""Standard output as it may be: in an encoding without the signs of tables, closed, a pipe that nobody reads, or full."""

from __future__ import annotations

import codecs
import os
import sys
from io import TextIOWrapper

# A sign of tables and pictures, and what stands for it where it cannot be encoded: one column wide too.
SIGNS = {"─": "-", "…": "~", "·": ".", "▄": "_", "▀": "^", "█": "#", "▒": "+", "▏": "|", "✓": "y", "✗": "x"}


def prepare() -> None:
    """Makes printing safe: a sign that cannot be encoded is replaced, and a stream that is closed swallows its text."""
    codecs.register_error("rfcalc", _replaced)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="rfcalc")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(SIGNS.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in signs), error.end


def finish(code: int) -> int:
    """Writes what is left; gives the exit code, which is 2 where standard output cannot be written. A pipe whose reader has
    gone changes nothing."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go()
    except OSError as error:
        return failed(error)
    return code


def failed(error: OSError) -> int:
    """Says that standard output cannot be written; gives the exit code."""
    _let_go()
    print(f"error E302: cannot write standard output: {error.strerror or error}", file=sys.stderr)
    return 2


def _let_go() -> None:
    """Nothing is written at the end of the program any more, which would only complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
