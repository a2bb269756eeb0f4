"""Files that a page shows: JSON that other commands have printed, pictures; and how a page names a file."""

from __future__ import annotations

import json
from math import isfinite
from pathlib import Path, PurePath
from typing import Any

from rfcalc.errors import fail

MOST_BYTES = 2**26  # of JSON


def printed(path: str) -> Any:
    """What a file of JSON says; raises SpecError for one that cannot be read."""
    try:
        return json.loads(content(path, MOST_BYTES).decode("utf-8"), parse_constant=_refused, parse_float=_finite)
    except (ValueError, RecursionError):
        raise fail("E504", f"{path} is no JSON") from None


def content(path: str, most: int, hint: str = "") -> bytes:
    """The bytes of a file; raises SpecError for one of more than `most`, which is not read to its end: it may have none."""
    try:
        with Path(path).open("rb") as file:
            found = file.read(most + 1)
    except OSError as error:
        raise fail("E504", f"cannot read {path}: {error.strerror or error}") from None
    if len(found) > most:
        raise fail("E504", f"{path} has more than {most:,} bytes", None, hint)
    return found


def named(source: str) -> str:
    """A path within the working folder; of a file elsewhere, as shipped networks are, its name: a page is passed around, and
    says nothing of the folders of who made it."""
    path, here = PurePath(source), Path.cwd()
    if not path.is_absolute():
        return source
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.name


def _refused(word: str) -> float:
    raise ValueError(word)


def _finite(text: str) -> float:
    if not isfinite(number := float(text)):
        raise ValueError(text)
    return number
