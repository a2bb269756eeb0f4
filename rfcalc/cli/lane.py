"""The lane for plain command lines: they are read without typer, whose import takes longer than most analyses.

It reads what it understands in full: a command, options by their whole names, values that are text, small whole numbers or
flags. At any other word it declines, and typer reads the line: help, errors, completion and everything rare are typer's alone.
Both read the same declarations, and a test holds them to one answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from rfcalc.cli.commands import COMMANDS, command
from rfcalc.cli.declared import NEEDED, Context, Parameter, Value, parameters
from rfcalc.record import record

TEXT, NUMBER, TEXTS = (str, str | None), (int, int | None), (list[str], list[str] | None)
DIGITS = 18  # of a number at most


class _DeclinedError(Exception):
    """A word that typer has to read."""


@record(eq=False)
class Call:
    """A command and the values of its parameters."""

    function: Callable[..., None]
    values: dict[str, Value]


def read(words: Sequence[str]) -> Call | None:
    """What a plain command line calls; None where typer has to read it. Raises what the callback of an option raises."""
    if not words or words[0] not in COMMANDS or os.name == "nt":  # there typer spells out patterns
        return None
    function = command(words[0])
    known = parameters(function)
    try:
        given = _given(words[1:], known)
        values = {one.name: given[one.name] if one.name in given else _default(one) for one in known}
    except _DeclinedError:
        return None
    context = Context(tuple(words), values)
    said = {one.name: one.said for one in known if one.said}
    for name in sorted(given, key=lambda name: not said[name].eager):
        if callback := said[name].callback:
            values[name] = callback(context, values[name])
    return Call(function, values | {one.name: context for one in known if one.kind is Context})


def _given(words: Sequence[str], known: Sequence[Parameter]) -> dict[str, Value]:
    """The values that are said, in their order."""
    options = {word: one for one in known for word in one.words}
    given: dict[str, Value] = {}
    loose: list[str] = []
    left = iter(words)
    for word in left:
        if word[:1] != "-" or word == "-":
            loose.append(word)
            continue
        name, sign, text = word.partition("=") if word[:2] == "--" else (word, "", "")
        if name not in options:
            raise _DeclinedError
        one = options[name]
        if one.kind is not bool:
            _take(given, one, text if sign else next(left, ""))
        elif sign or one.default is not False or one.name in given:
            raise _DeclinedError
        else:
            given[one.name] = True
    _place(given, [one for one in known if one.said and one.said.argument], iter(loose))
    return given


def _take(given: dict[str, Value], one: Parameter, text: str) -> None:
    """Reads a value of an option."""
    if not text or (text[0] == "-" and text != "-"):
        raise _DeclinedError
    if one.kind in TEXTS:
        given.setdefault(one.name, []).append(text)
    elif one.name in given:
        raise _DeclinedError
    elif one.kind in TEXT:
        given[one.name] = text
    elif (
        one.kind in NUMBER
        and text.isascii()
        and text.isdigit()
        and len(text) <= DIGITS
        and one.said
        and one.said.holds(int(text))
    ):
        given[one.name] = int(text)
    else:
        raise _DeclinedError


def _plain(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= DIGITS


def _place(given: dict[str, Value], known: Sequence[Parameter], loose: Iterator[str]) -> None:
    """Gives the loose words to the arguments: one to each, all that are left to a list."""
    for one in known:
        if one.kind in TEXTS:
            words: Value = list(loose) or None
        elif one.kind in TEXT:
            words = next(loose, None)
        else:
            raise _DeclinedError
        if words is not None:
            given[one.name] = words
    if next(loose, None) is not None:
        raise _DeclinedError


def _default(one: Parameter) -> Value:
    if one.said is None and one.kind is not Context:
        raise _DeclinedError
    if one.said is not None and one.default is NEEDED:
        raise _DeclinedError
    return one.default
