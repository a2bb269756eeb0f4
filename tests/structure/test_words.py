"""What kind a layer is stands in its record: outside the layers nobody lists words, compares them, or tries attributes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from rfcalc.layers.words import WORDS
from tests.structure.floors import modules

# Of layers, but of operators in every other language too, which an importer may well compare.
ARITHMETIC = {"add", "sub", "mul", "div", "max", "min"}
ELSEWHERE = [name for name in modules() if name.split(".")[0] != "layers"]


def strings(node: ast.AST) -> list[str]:
    """The strings of a literal, the keys of a dictionary; empty if something else is among them."""
    parts: list[ast.expr | None] | list[ast.expr] | list[ast.AST] = [node]
    if isinstance(node, ast.Dict):
        parts = node.keys
    elif isinstance(node, ast.Set | ast.Tuple | ast.List):
        parts = node.elts
    found = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return found if len(found) == len(parts) else []


def lists_words(node: ast.AST) -> bool:
    """A collection of two words of layers or more, and of nothing else; or such words in one text that is split."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "split":
        found = [word for text in strings(node.func.value) for word in text.split()]
    elif isinstance(node, ast.Set | ast.Tuple | ast.List | ast.Dict):
        found = strings(node)
    else:
        return False
    return len(found) > 1 and set(found) <= WORDS.keys() and not set(found) <= ARITHMETIC


def of_op(node: ast.AST) -> bool:
    """Whether an expression is a record by its usual name: op, node.op."""
    return (isinstance(node, ast.Name) and node.id == "op") or (isinstance(node, ast.Attribute) and node.attr == "op")


def words(node: ast.AST) -> list[ast.Attribute]:
    """The `.word` on a side of a comparison, or of a match."""
    if isinstance(node, ast.Match):
        sides = [node.subject]
    else:
        sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
    return [side for side in sides if isinstance(side, ast.Attribute) and side.attr == "word"]


def asks_a_record(node: ast.AST) -> bool:
    """A record's word compared with anything."""
    return any(of_op(word.value) for word in words(node))


def compares_a_word(node: ast.AST) -> bool:
    """Any `.word` compared with that of a layer, or matched."""
    if isinstance(node, ast.Compare):
        return bool(words(node)) and any(text in WORDS for side in (node.left, *node.comparators) for text in strings(side))
    return bool(words(node))


def tries_attributes(node: ast.AST) -> bool:
    """getattr(node.op, ...), hasattr(op, ...)."""
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "hasattr")
    return called and bool(node.args) and of_op(node.args[0])


def broken(text: str, language: bool = False) -> Iterator[str]:
    """What a source text does that it should not, with its lines. The language may state tables of its own words."""
    tests = {asks_a_record: "compares a layer's word", tries_attributes: "tries an attribute of a layer"}
    if not language:
        tests |= {lists_words: "lists words of layers", compares_a_word: "compares a layer's word"}
    for node in ast.walk(ast.parse(text)):
        yield from (f"line {node.lineno} {what}" for test, what in tests.items() if test(node))  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_nobody_lists_the_words_of_layers(name: str) -> None:
    found = list(broken(modules()[name].read_text(encoding="utf-8"), name.split(".")[0] == "language"))
    assert not found, f"{name}: {'; '.join(found)}; ask for op.kind, op.sliding, op.norm (layers/contract.py)"


@pytest.mark.parametrize(
    "text",
    [
        'NORMS = ("bn", "gn")',
        'NORMS = frozenset({"bn", "gn"})',
        'NAMES = {"gap": "avgpool", "gmp": "maxpool"}',
        'NORMS = "bn gn".split()',
        'x = node.op.word == "conv"',
        "x = node.op.word in NORMS",
        'x = op.word not in ("bn", other)',
        'x = step.word == "conv"',
        'match node.op.word:\n    case "conv":\n        pass',
        'x = getattr(node.op, "kernel", None)',
        'x = hasattr(op, "kernel")',
    ],
)
def test_what_is_found(text: str) -> None:
    assert list(broken(text))


@pytest.mark.parametrize(
    "text",
    [
        'x = name in ("max", "min")',
        'PARTS = ("norm", "act", "bias")',
        'POOLS = {"mean": "gap", "max": "gmp"}',
        'x = section.word == "net"',
        'x = f"{node.op.word} {node.name}"',
        "x = node.op.kind is LayerKind.NORM",
        "x = getattr(node.cost, key)",
    ],
)
def test_what_is_not(text: str) -> None:
    assert not list(broken(text))


def test_the_language_states_tables_but_asks_no_record() -> None:
    assert not list(broken('FOLLOWED = ("conv", "linear")\nx = step.word == "conv"', language=True))
    assert list(broken('x = node.op.word == "conv"', language=True))
