"""Numeric strings as expressions over params: `w*4`, `n[depth][0] - 1`.

What may occur is a short list, checked on the syntax tree before anything is evaluated: numbers, words in quotes, params,
+ - * / // %, comparisons, and/or/not, a if b else c, lists, subscripts, and the functions below. simpleeval evaluates the
tree. No attributes, no power, no shifts, no other calls, no comprehensions, no f-strings; lengths and magnitudes have limits.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

from rfcalc.errors import RuleError
from rfcalc.language.limits import LONGEST_EXPRESSION
from rfcalc.layers.settings import name_of

MOST_DEPTH = 40
LARGEST = 10**18
MOST_KEPT = 1024
LONG = 64  # entries of a list
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SIZE = re.compile(r"[0-9]+(x[0-9]+)+")
LITERALS = {"true": True, "false": False, "null": None}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "round": round,
    "int": int,
    "len": len,
    "ceil": math.ceil,
    "floor": math.floor,
}
FORMS = ("BinOp", "UnaryOp", "BoolOp", "Compare", "IfExp", "Name", "Load", "Constant", "Subscript", "Call", "List", "Tuple")
SIGNS = ("Add", "Sub", "Mult", "Div", "FloorDiv", "Mod", "USub", "UAdd", "Not", "And", "Or")
TESTS = ("Eq", "NotEq", "Lt", "LtE", "Gt", "GtE", "In", "NotIn")
ALLOWED = frozenset(("Expression", *FORMS, *SIGNS, *TESTS))
REFUSED = {
    "Attribute": "attributes (a.b)",
    "Pow": "the power **",
    "LShift": "shifts",
    "RShift": "shifts",
    "JoinedStr": "f-strings",
    "ListComp": "comprehensions",
    "SetComp": "comprehensions",
    "DictComp": "comprehensions",
    "GeneratorExp": "comprehensions",
    "Lambda": "lambda",
    "NamedExpr": "assignments",
    "Slice": "slices",
}


class Expression:
    """A checked expression; `names` are the params that it uses. Called with the params, it gives the value."""

    __slots__ = ("kept", "names", "text", "tree")

    def __init__(self, text: str, tree: Any, names: tuple[str, ...]) -> None:
        self.text, self.tree, self.names = text, tree, names
        self.kept: dict[Any, Any] = {}

    def __call__(self, params: Mapping[str, Any]) -> Any:
        """The value; raises RuleError. Kept for equal params, since a block is expanded many times."""
        try:
            key = key_of(self.names, params)
            if key in self.kept:
                return self.kept[key]
        except TypeError:
            return self._evaluated(params)
        if len(self.kept) > MOST_KEPT:
            self.kept.clear()
        self.kept[key] = self._evaluated(params)
        return self.kept[key]

    def _evaluated(self, params: Mapping[str, Any]) -> Any:
        for name in self.names:
            if name not in params:
                raise RuleError(f'there is no param "{name}"')
        evaluator = _evaluator()
        evaluator.names = params
        try:
            value = evaluator.eval(self.text, previously_parsed=self.tree)
        except RuleError:
            raise
        except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
            raise RuleError(f"{name_of(self.text)}: {error}") from None
        return _small(value)


def key_of(names: Iterable[str], params: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a result depends on; true and 1 are different things. Raises TypeError where looking it up would cost more than
    working the result out: a mapping, a long list."""
    key = tuple((value := params.get(name), value.__class__) for name in names)
    for value, _ in key:
        if isinstance(value, tuple) and len(value) > LONG:
            raise TypeError("a long list")
    return key


@lru_cache(maxsize=4096)
def compiled(text: str) -> Expression:
    """The expression of a text; raises RuleError for what is not allowed in one."""
    if len(text) > LONGEST_EXPRESSION:
        raise RuleError(f"an expression of {len(text):,} characters; at most {LONGEST_EXPRESSION} are allowed")
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        hint = f"; per axis that is [{text.replace('x', ', ')}]" if SIZE.fullmatch(text) else ""
        raise RuleError(f"{name_of(text)} is no expression{hint}") from None
    return Expression(text, tree.body, _checked(tree))


def _checked(tree: Any) -> tuple[str, ...]:
    """The params that a syntax tree uses; raises RuleError for anything that is not allowed."""
    import ast

    names: dict[str, None] = {}
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > MOST_DEPTH:
            raise RuleError("an expression that is nested too deeply")
        following: list[Any] = []
        for node in level:
            kind = type(node).__name__
            if kind not in ALLOWED:
                raise RuleError(f"{REFUSED.get(kind, kind)} cannot be used in an expression")
            if isinstance(node, ast.Call):
                _check_call(node)
                following += node.args
            elif isinstance(node, ast.Name):
                names[node.id] = None
            elif isinstance(node, ast.Constant):
                _small(node.value)
            else:
                following += ast.iter_child_nodes(node)
        level = following
    return tuple(name for name in names if name not in LITERALS)


def _check_call(node: Any) -> None:
    name = getattr(node.func, "id", None)
    if name not in FUNCTIONS:
        known = ", ".join(FUNCTIONS)
        raise RuleError(
            f"there is no function {name_of(name).strip(chr(39)) if name else ''}".rstrip() + f"; there are {known}"
        )
    if node.keywords:
        raise RuleError(f"{name} takes no named arguments")


def _small(value: Any) -> Any:
    """The value, if it is of a kind and size that a spec needs; raises RuleError."""
    if isinstance(value, int | float) and abs(value) > LARGEST:
        raise RuleError(f"a number beyond {LARGEST:.0e} in an expression")
    if isinstance(value, complex | bytes) or value is Ellipsis:
        raise RuleError("an expression is made of numbers, words and lists")
    return tuple(value) if isinstance(value, list) else value


@cache
def _evaluator() -> Any:
    """simpleeval's evaluator with our operators and functions only; imported here, since few specs need it at once."""
    import ast

    import simpleeval

    evaluator = simpleeval.EvalWithCompoundTypes(operators=_operators(ast), functions=dict(FUNCTIONS))
    evaluator.functions = FUNCTIONS
    evaluator._check_disallowed_items = _nothing  # it looks through whole lists each time; params are what YAML holds, no code
    evaluator.nodes[ast.Subscript] = lambda node: _entry(evaluator._eval(node.value), evaluator._eval(node.slice))
    named = evaluator.nodes[ast.Name]
    evaluator.nodes[ast.Name] = lambda node: LITERALS[node.id] if node.id in LITERALS else named(node)
    return evaluator


def _nothing(value: object) -> None:
    pass


def _operators(ast: Any) -> dict[Any, Callable[..., Any]]:
    arithmetic = {
        ast.Add: ("+", operator.add),
        ast.Sub: ("-", operator.sub),
        ast.Mult: ("*", operator.mul),
        ast.Div: ("/", operator.truediv),
        ast.FloorDiv: ("//", operator.floordiv),
        ast.Mod: ("%", operator.mod),
    }
    operators = {kind: _arithmetic(symbol, function) for kind, (symbol, function) in arithmetic.items()}
    return operators | {
        ast.USub: _arithmetic("-", operator.neg),
        ast.UAdd: _arithmetic("+", operator.pos),
        ast.Not: operator.not_,
        ast.Eq: operator.eq,
        ast.NotEq: operator.ne,
        ast.Lt: operator.lt,
        ast.LtE: operator.le,
        ast.Gt: operator.gt,
        ast.GtE: operator.ge,
        ast.In: lambda item, holder: item in holder,
        ast.NotIn: lambda item, holder: item not in holder,
    }


def _arithmetic(symbol: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def apply(*values: Any) -> Any:
        for value in values:
            if not isinstance(value, int | float):
                raise RuleError(f"{symbol} takes numbers, not {name_of(value)}")
        try:
            return _small(function(*values))
        except ZeroDivisionError:
            raise RuleError("a division by zero") from None

    return apply


def _entry(holder: Any, key: Any) -> Any:
    """holder[key]; raises RuleError that says what there is."""
    if isinstance(holder, dict):
        if not isinstance(key, list | tuple | dict) and key in holder:
            return holder[key]
        there = ", ".join(name_of(k) for k in list(holder)[:8])
        raise RuleError(f"there is no entry {name_of(key)}; there are {there}" if there else "an empty mapping has no entries")
    if not isinstance(holder, tuple | list):
        raise RuleError(f"only a list or a mapping has entries, not {name_of(holder)}")
    if isinstance(key, bool) or not isinstance(key, int):
        raise RuleError(f"a list's entries are numbered, not {name_of(key)}")
    if not -len(holder) <= key < len(holder):
        raise RuleError(f"there is no entry {key} in a list of {len(holder)}")
    return holder[key]
