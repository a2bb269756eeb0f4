"""Looks into a .pt2 file before torch does: a saved program is data, but torch runs what it finds in one.

torch evaluates the text of shape expressions, writes names into Python source that it runs, calls any attribute of torch that
is named as an operator, unpickles objects and loads compiled libraries. So a file passes only if every string in it is
arithmetic, a plain name, or an operator of torch.ops, operator or math; anything else is a reason not to load it.
"""

from __future__ import annotations

import ast
import json
import math
import operator
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from rfcalc.record import record

LARGEST_TEXT = 1 << 28  # bytes of the program's own JSON
LARGEST_RATIO = 50  # of what a file unpacks to; torch packs without compression
SPARE = 1 << 26
MEMBERS = re.compile(
    r"(?:[^/]+/)?(?:models/[^/]+\.json|data/(?:weights|constants|sample_inputs)/[^/]+|extra(?:_files)?/.*"
    r"|archive_format|archive_version|byteorder|version|\.data/[^/]+|serialized_[a-z_]+\.(?:json|pt))"
)
PROGRAM = re.compile(r"(?:[^/]+/)?(?:models/[^/]+|serialized_exported_program)\.json")
PAYLOADS = re.compile(r"(?:[^/]+/)?data/(?:weights|constants)/[^/]+_config\.json")
OBJECTS = re.compile(r"(?:.*/)?(?:custom|opaque)_obj_[^/]*")

NAME = re.compile(r"[^\W\d]\w*")
PLAIN = re.compile(r"[\w.$@#%^&*+~|<>=:;,?!/()\[\]{} -]*")  # neither quotes nor backslashes nor lines
TARGET = re.compile(r"torch\.ops\.\w+\.(?!from_file\b)\w+(?:\.\w+)?|torch\.(?:_sym|sym)_\w+")
SIZE = re.compile(r"L\['[^\W\d]\w*'\]\.(?:size|stride)\(\)\[\d+\]")  # of an argument, in a guard
FREE = frozenset(("metadata", "torch_version", "verifiers", "dialect", "opset_version"))  # read as text, and never run
SPECS = ("in_spec", "out_spec")
CONTAINERS = (None, "builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict")
NAMES = frozenset(("name", "as_name", "as_names", "forward_arg_names", "as_symbol"))
FUNCTIONS = re.compile(
    "Integer|Float|Rational|Add|Mul|Abs|Max|Min|Mod|PythonMod|FloorDiv|CleanDiv|CeilDiv|IntTrueDiv|FloatTrueDiv|ModularIndexing"
    "|TruncToInt|TruncToFloat|RoundToInt|RoundDecimal|CeilToInt|FloorToInt|ToFloat|Identity|Where|Equality|Unequality|Eq|Ne|Lt|Le"
    "|Gt|Ge|LessThan|GreaterThan|StrictLessThan|StrictGreaterThan|And|Or|Not|floor|ceiling|sqrt"
)  # of sympy, and torch's own
LARGEST_NUMBER = 1 << 63
LARGEST_POWER = 64
LARGEST_EXPRESSION = 20_000  # characters


@record
class Found:
    """Why a file would run code: the kind of thing, and the thing."""

    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.what} {self.text[:80]!r}"


def suspect(path: str) -> Found | None:
    """The first thing in a saved program that torch would run or unpack without end; None where it is plain data. Raises
    OSError, ValueError (zipfile.BadZipFile too) for what is no archive."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        packed, whole = sum(m.compress_size for m in members), sum(m.file_size for m in members)
        if whole > LARGEST_RATIO * packed + SPARE:
            return Found("members that unpack to", f"{whole:,} bytes")
        for member in members:
            if OBJECTS.fullmatch(member.filename):
                return Found("the pickled object", member.filename)
            if not MEMBERS.fullmatch(member.filename):
                return Found("the member", member.filename)
        for member in members:
            is_program = PROGRAM.fullmatch(member.filename) is not None
            if is_program or PAYLOADS.fullmatch(member.filename):
                if member.file_size > LARGEST_TEXT:
                    return Found("a program of", f"{member.file_size:,} bytes")
                found = next((_program if is_program else _payloads)(_json(archive.read(member))), None)
                if found is not None:
                    return found
    return None


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("its JSON is nested too deeply") from None


def _payloads(config: Any) -> Iterator[Found]:
    """The stored tensors: what each file of them is."""
    for key, text in _strings(config, ""):
        if key == "path_name" and OBJECTS.fullmatch(text):
            yield Found("the pickled object", text)


def _program(program: Any) -> Iterator[Found]:
    for key in program.get("range_constraints") or () if isinstance(program, Mapping) else ():
        if not is_arithmetic(key):
            yield Found("the expression", key)
    for key, text in _strings(program, ""):
        if key == "expr_str":
            if not is_arithmetic(text):
                yield Found("the expression", text)
        elif key in ("target", "as_operator"):
            if not _is_operator(text):
                yield Found("the call of", text)
        elif key == "guards_code":
            if not is_arithmetic(SIZE.sub("n", text)):
                yield Found("the guard", text)
        elif key in SPECS:
            if not _is_plain_tree(text):
                yield Found("the container", text)
        elif not (NAME if key in NAMES else PLAIN).fullmatch(text) and text:
            yield Found("the name", text)


def _strings(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Every string below a value with the key that it stands at, and every key as a name; without what is never run."""
    waiting = [(key, value)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, list):
            waiting += ((key, part) for part in value)
        elif isinstance(value, dict):
            for inner, part in value.items():
                if key != "range_constraints":
                    yield "key", inner
                if inner not in FREE:
                    waiting.append((inner, part))


def _is_operator(text: str) -> bool:
    """True for what a node may call: an operator of torch.ops, or a public function of the modules operator or math."""
    module, _, name = text.rpartition(".")
    if module in ("_operator", "math"):
        made = ("attrgetter", "itemgetter", "methodcaller", "call")
        return name not in made and name[:1] != "_" and hasattr(operator if module == "_operator" else math, name)
    return TARGET.fullmatch(text) is not None


def _is_plain_tree(text: str) -> bool:
    """True for the structure of arguments in tuples, lists and dicts; others name classes, or functions to be imported."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return False
    waiting = [tree[1]] if isinstance(tree, list) and len(tree) == 2 else [None]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict) or node.get("type", "") not in CONTAINERS:
            return False
        waiting += node.get("children_spec", [])
    return True


def is_arithmetic(text: str) -> bool:
    """True for an expression of symbols, numbers, operators and sympy's functions of numbers, which is cheap to evaluate."""
    if len(text) > LARGEST_EXPRESSION:
        return False
    try:
        return _is_sum(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False


def _is_sum(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=bool() | int() | float() as number):
            return abs(number) <= LARGEST_NUMBER
        case ast.Name(id=name):
            return "__" not in name
        case ast.UnaryOp(operand=operand):
            return _is_sum(operand)
        case ast.BinOp(left=base, op=ast.Pow(), right=power):
            return isinstance(base, ast.Name) and _is_sum(base) and _is_small(power)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.FloorDiv() | ast.Mod(), right=right):
            return _is_sum(left) and _is_sum(right)
        case ast.Compare(left=left, comparators=others):
            return all(map(_is_sum, (left, *others)))
        case ast.Call(func=ast.Name(id="Symbol")):
            return _is_symbol(node)
        case ast.Call(func=ast.Name(id="Pow" | "PowByNatural" | "FloatPow"), args=[base, power], keywords=[]):
            return _is_symbol(base) and _is_small(power)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=words):
            plain = all(word.arg == "evaluate" and isinstance(word.value, ast.Constant) for word in words)
            return FUNCTIONS.fullmatch(name) is not None and plain and all(map(_is_sum, arguments))
    return False


def _is_symbol(node: ast.expr) -> bool:
    """A name, or sympy's Symbol of one with its assumptions."""
    match node:
        case ast.Name():
            return _is_sum(node)
        case ast.Call(func=ast.Name(id="Symbol"), args=[ast.Constant(value=str() as name)], keywords=words):
            plain = all(word.arg and isinstance(word.value, ast.Constant) for word in words)
            return plain and NAME.fullmatch(name) is not None and "__" not in name
    return False


def _is_small(node: ast.expr) -> bool:
    """A power that cannot make a number of millions of digits: a small number, however sympy writes it."""
    match node:
        case ast.Call(func=ast.Name(id="Integer" | "Float"), args=[inner], keywords=[]):
            return _is_small(inner)
        case ast.Call(func=ast.Name(id="Rational"), args=[ast.Constant(), ast.Constant()], keywords=[]):
            return all(map(_is_small, node.args))
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _is_small(inner)
        case ast.Constant(value=int() | float() as number):
            return abs(number) <= LARGEST_POWER
    return False
