"""`--where`: a condition on figures and params, checked as the expressions of specs are and made into functions once.

What a design does not have, such as a field where every layer sees all, is neither large nor small: a comparison with it is not
kept, and neither is its opposite; `a or b` is kept if one of them is (the logic of SQL)."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping

from rfcalc.errors import RuleError
from rfcalc.language.budget import UNITS
from rfcalc.language.expressions import FUNCTIONS, LITERALS, compiled
from rfcalc.record import record

SMALL, MOST_STEPS = 10_000, 3  # of numbers, and signs between them: the result is below 10^16
Values = Mapping[str, object]
Part = Callable[[Values], object]
AMOUNT = re.compile(r"(?<![\w.])([0-9][0-9_]*(?:\.[0-9]+)?)\s*([kMGT]i?)?(?:B|MACs|FLOPs|px)?(?![\w.(\[])")
SIGNS: dict[type[ast.AST], Callable[..., object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}
UNABLE = (TypeError, ValueError, ArithmeticError, LookupError)


@record(eq=False)
class Condition:
    """A condition, or a part of one that `and` joins to the others. `names`: what it speaks of."""

    text: str
    names: frozenset[str]
    value: Part

    def holds(self, values: Values) -> bool:
        """Whether it is known to be true."""
        return self.value(values) is True


def conditions(text: str) -> list[Condition]:
    """The parts of a condition that must all hold; raises RuleError for what cannot be read."""
    plain = AMOUNT.sub(_amount, text)
    if re.search(r"(?<![=<>!])=(?!=)", plain):
        raise RuleError("a comparison is ==, <=, >=, <, > or !=")
    tree = compiled(plain).tree
    parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    return [Condition(text, _names(part), _truth(function_of(part))) for part in parts]


def arithmetic(text: str) -> Part | None:
    """The function of an expression whose numbers cannot become too large where those of its params are below SMALL; None for
    another one."""
    tree = compiled(text).tree
    nodes = [node for node in ast.walk(tree) if not isinstance(node, ast.expr_context | ast.operator | ast.unaryop)]
    plain = all(isinstance(node, ast.BinOp | ast.UnaryOp | ast.Call | ast.Name | ast.Constant) for node in nodes)
    constants = [node.value for node in nodes if isinstance(node, ast.Constant)]
    small = all(type(value) is int and abs(value) < SMALL for value in constants)
    if not plain or not small or any(isinstance(node, ast.Not) for node in ast.walk(tree)):
        return None
    return function_of(tree) if sum(isinstance(node, ast.BinOp) for node in nodes) <= MOST_STEPS else None


def _amount(match: re.Match[str]) -> str:
    """400 M as a number."""
    number, unit = match[1].replace("_", ""), match[2] or ""
    if not unit:
        return number
    value = float(number) * UNITS[unit]
    return str(int(value)) if value == int(value) else repr(value)


def _names(tree: ast.AST) -> frozenset[str]:
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = (node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called)
    return frozenset(name for name in found if name not in LITERALS)


def _truth(part: Part) -> Part:
    """A figure by itself is true where it is not zero."""

    def value(values: Values) -> object:
        found = part(values)
        return None if found is None else bool(found)

    return value


def function_of(node: ast.AST) -> Part:
    """The function of a checked tree."""
    if isinstance(node, ast.Constant):
        constant = node.value
        return lambda values: constant
    if isinstance(node, ast.Name):
        name = node.id
        return (lambda values: LITERALS[name]) if name in LITERALS else lambda values: values[name]
    if isinstance(node, ast.BoolOp):
        return _joined([_truth(function_of(part)) for part in node.values], isinstance(node.op, ast.And))
    if isinstance(node, ast.UnaryOp):
        return _opposite(_truth(function_of(node.operand))) if isinstance(node.op, ast.Not) else _applied(node.op, node.operand)
    if isinstance(node, ast.BinOp):
        return _applied(node.op, node.left, node.right)
    if isinstance(node, ast.Compare):
        return _compared(node)
    if isinstance(node, ast.IfExp):
        test, then, other = _truth(function_of(node.test)), function_of(node.body), function_of(node.orelse)
        return lambda values: None if (is_so := test(values)) is None else (then if is_so else other)(values)
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name), "the expression is checked"
        return _with(FUNCTIONS[node.func.id], [function_of(argument) for argument in node.args])
    if isinstance(node, ast.Subscript):
        return _with(lambda holder, key: holder[key], [function_of(node.value), function_of(node.slice)])
    if isinstance(node, ast.List | ast.Tuple):
        return _with(lambda *entries: entries, [function_of(entry) for entry in node.elts])
    raise RuleError(f"{type(node).__name__} cannot be used in a condition")


def _applied(sign: ast.AST, *sides: ast.AST) -> Part:
    return _with(SIGNS[type(sign)], [function_of(side) for side in sides])


def _with(function: Callable[..., object], parts: list[Part]) -> Part:
    """A function of parts; nothing where one of them is nothing, or where it cannot be worked out."""

    def value(values: Values) -> object:
        found = [part(values) for part in parts]
        if None in found:
            return None
        try:
            return function(*found)
        except UNABLE:
            return None

    return value


def _compared(node: ast.Compare) -> Part:
    sides = [node.left, *node.comparators]
    pairs = [_applied(sign, a, b) for sign, a, b in zip(node.ops, sides, sides[1:], strict=False)]
    return pairs[0] if len(pairs) == 1 else _joined(pairs, True)


def _joined(parts: list[Part], every: bool) -> Part:
    def value(values: Values) -> object:
        unknown = False
        for part in parts:
            found = part(values)
            if found is None:
                unknown = True
            elif bool(found) is not every:
                return not every
        return None if unknown else every

    return value


def _opposite(part: Part) -> Part:
    return lambda values: None if (found := part(values)) is None else not found
