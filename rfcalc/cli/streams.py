"""Standard output as it may be: in an encoding without the signs of tables, closed, a pipe that nobody reads, or full."""

from __future__ import annotations

import codecs
import os
import stat
import sys
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# A sign of tables and pictures, and what stands for it where it cannot be encoded: one column wide too.
SIGNS = {"─": "-", "…": "~", "·": ".", "▄": "_", "▀": "^", "█": "#", "▌": "=", "▒": "+", "▏": "|", "✓": "y", "✗": "x"}


class _Pipe(FileIO):
    """A pipe that swallows what is written after its reader has gone: the command does the rest of its work, and ends with
    its own exit code."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return memoryview(data).nbytes


def prepare() -> None:
    """Makes printing safe: a sign that cannot be encoded is replaced, and a stream that is closed, or a pipe that nobody reads
    any more, swallows its text."""
    codecs.register_error("rfcalc", _replaced)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="rfcalc")
            if _is_pipe(stream):
                stream.flush()
                pipe = BufferedWriter(_Pipe(stream.fileno(), "w", closefd=False))
                line = stream.line_buffering
                setattr(sys, name, TextIOWrapper(pipe, stream.encoding, "rfcalc", line_buffering=line))


def _is_pipe(stream: TextIOWrapper) -> bool:
    """Whether a stream leads to a program that may stop reading."""
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):  # a test's own stream
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(SIGNS.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in signs), error.end


def finish(code: int) -> int:
    """Writes what is left; gives the exit code, which is 2 where standard output cannot be written."""
    try:
        sys.stdout.flush()
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
