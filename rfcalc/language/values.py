"""Values that may depend on params: a string in a numeric setting is a param or an expression over params."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from rfcalc.errors import RuleError, did_you_mean
from rfcalc.language.expressions import SIZE, compiled
from rfcalc.language.marked import Marked
from rfcalc.language.problems import KnownError
from rfcalc.layers.settings import Kind
from rfcalc.record import record

BROKEN: Any = object()  # stands for the value of a param whose problem is reported
SWITCHES = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


@record
class Words:
    """How a string is read: `literal` words stand for themselves; with `free`, every word that is no param does; with
    `verbatim`, every text does."""

    literal: tuple[str, ...] = ()
    free: bool = False
    verbatim: bool = False


NUMBERS, FREE, VERBATIM = Words(), Words(free=True), Words(verbatim=True)


DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)  # nn.ReLU, which whoever reads the word explains


def words_of(kind: Kind) -> Words:
    """How a kind reads strings."""
    if not kind.numeric:
        return VERBATIM
    return Words(kind.words, True) if kind.words else NUMBERS


def names_in(raw: Any, known: Collection[str], words: Words = NUMBERS) -> tuple[str, ...]:
    """The params that a value depends on; raises RuleError for a bad expression or an unknown param."""
    if isinstance(raw, str):
        return _names_in_text(raw, known, words)
    if isinstance(raw, tuple):
        return tuple(name for entry in raw for name in names_in(entry, known, words))
    if isinstance(raw, dict):
        return tuple(name for entry in raw.values() for name in names_in(entry, known, words))
    return ()


def _names_in_text(text: str, known: Collection[str], words: Words) -> tuple[str, ...]:
    if words.verbatim or text in words.literal:
        return ()
    if text in known:
        return (text,)
    if words.free and (DOTTED.fullmatch(text) or SIZE.fullmatch(text)):
        return ()
    names = compiled(text).names
    for name in names:
        if name not in known:
            raise RuleError(f'there is no param "{name}"{_meant(name, known)}')
    return names


def _meant(name: str, known: Collection[str]) -> str:
    if name == "i":
        return "; i counts the turns of a repeat, and is seen in the repeated layer only"
    hint = f"write {SWITCHES[name.lower()]}" if name.lower() in SWITCHES else did_you_mean(name, known)
    return f"; {hint}" if hint else ""


def evaluate(raw: Any, params: Mapping[str, Any], words: Words = NUMBERS) -> Any:
    """The value, given the params; raises RuleError, or KnownError if it depends on a broken param."""
    if isinstance(raw, str):
        return _evaluate_text(raw, params, words)
    if isinstance(raw, tuple):
        return tuple(evaluate(entry, params, words) for entry in raw)
    if isinstance(raw, dict):
        return {key: evaluate(entry, params, words) for key, entry in raw.items()}
    return raw


def _evaluate_text(text: str, params: Mapping[str, Any], words: Words) -> Any:
    if words.verbatim or text in words.literal:
        return text
    if text in params:
        value = params[text]
        if value is BROKEN:
            raise KnownError
        return value
    if words.free and (DOTTED.fullmatch(text) or SIZE.fullmatch(text)):
        return text
    expression = compiled(text)
    if any(params.get(name) is BROKEN for name in expression.names):
        raise KnownError
    return expression(params)


@record
class Value:
    """A value and its place; the names in it have been checked."""

    raw: Any
    mark: Marked

    def at(self, params: Mapping[str, Any], kind: Kind, what: str) -> Any:
        """What it is, parsed by a kind; raises RuleError."""
        return parsed(what, kind, self.raw, params)


def parsed(what: str, kind: Kind, raw: Any, params: Mapping[str, Any]) -> Any:
    """A value of a spec, evaluated and parsed; raises RuleError that begins with `what` it is."""
    try:
        value = evaluate(raw, params, words_of(kind))
    except KnownError:
        raise
    except RuleError as error:
        raise RuleError(f"{what}: {error}") from None
    try:
        return kind.parse(value)
    except RuleError as error:
        raise RuleError(f"{what} {error}") from None
