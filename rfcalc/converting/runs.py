"""Numbered uses of one block that follow each other become one `repeat`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from rfcalc.converting.merging import same
from rfcalc.converting.model import Expr, First, Item, Mismatch, Scope
from rfcalc.language.recipes import lookup
from rfcalc.language.writer import text_of

FEWEST_LAYERS = 3  # plain layers that are worth a repeat


def repeated(scope: Scope, is_block: Callable[[str], bool]) -> Item | None:
    """A scope whose members are `name.0`, `name.1`, ... of one word, as one item; None if it is no such scope."""
    kids = [kid for kid in scope.kids if isinstance(kid, Item)]
    if not kids or len(kids) < len(scope.kids):
        return None
    first = kids[0]
    if len(kids) < (1 if is_block(first.word) else FEWEST_LAYERS) or len(first.reads) != 1:
        return None
    for number, kid in enumerate(kids):
        follows = not number or kid.reads == (kids[number - 1].last,)
        if kid.name != f"{scope.name}.{number}" or kid.word != first.word or not follows:
            return None
    if any(kid.repeat is not None or kid.weights is not None for kid in kids):
        return None
    if any(kid.settings.keys() != first.settings.keys() for kid in kids):
        return None
    try:
        settings = {key: pattern([kid.settings[key] for kid in kids]) for key in first.settings}
    except Mismatch:
        return None
    return Item(scope.name, first.word, settings, first.reads, first.first, kids[-1].last, len(kids))


def pattern(values: Sequence[object]) -> Any:
    """How values depend on the turn: one for all, another in the first, in every second, or in the last; raises Mismatch."""
    first, count = values[0], len(values)
    if all(same(value, first) for value in values):
        return first
    for value in values:
        code(value)
    if all(same(value, values[1]) for value in values[1:]):
        return First(first, values[1])
    if all(same(value, values[i % 2]) for i, value in enumerate(values)):
        return _either(first, values[1], "i % 2 == 0", "i % 2 == 1")
    if all(same(value, first) for value in values[:-1]):
        return _either(first, values[-1], f"i < {count - 1}", f"i == {count - 1}")
    raise Mismatch("the values follow no simple rule")


def _either(yes: object, no: object, test: str, contrary: str) -> Expr:
    if isinstance(yes, bool) and isinstance(no, bool):
        return Expr(test if yes else contrary)
    return Expr(f"{code(yes)} if {test} else {code(no)}")


def code(value: object) -> str:
    """A value within an expression; raises Mismatch for one that cannot stand there."""
    if isinstance(value, Expr):
        return value.text if re.fullmatch(r"\w+", value.text) else f"({value.text})"
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):  # a norm or an activation
        if is_usual(*value):
            return f"'{value[0]}'"
    elif isinstance(value, bool | int | float) or (isinstance(value, tuple) and all(isinstance(v, int) for v in value)):
        return text_of(value)
    raise Mismatch(f"{value!r} cannot stand in an expression")


def is_usual(word: str, settings: tuple[tuple[str, object], ...]) -> bool:
    """Whether a norm or an activation has the settings that its word alone stands for."""
    return all(lookup(word)[name].default == value for name, value in settings)
