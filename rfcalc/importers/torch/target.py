"""How a torch model is named on the command line: package.module:callable, file.py:callable, or a saved .pt2 program."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from rfcalc.errors import fail
from rfcalc.importers.programs.asked import asked_shapes
from rfcalc.record import record
from rfcalc.relations.shape import Shape

FILE = re.compile(r"(?P<where>.+\.py):(?P<what>[A-Za-z_]\w*(\.\w+)*)")
MODULE = re.compile(r"(?P<where>[A-Za-z_]\w*(\.[A-Za-z_]\w*)*):(?P<what>[A-Za-z_]\w*(\.\w+)*)")


@record
class Target:
    """`where` is a module's name or a file's path; `what` the dotted name in it, empty for a saved program."""

    text: str
    where: str
    what: str

    @property
    def is_file(self) -> bool:
        """True for a path."""
        return self.where.endswith((".py", ".pt2"))


def target_of(text: str) -> Target | None:
    """The torch model that a text names, or None if it names something else."""
    if text.endswith(".pt2"):
        return Target(text, text, "")
    match = FILE.fullmatch(text) or MODULE.fullmatch(text)
    return Target(text, match["where"], match["what"]) if match else None


def wanted(text: str) -> Target:
    """The torch model that a text names; raises SpecError, with the callables of a file that is named alone."""
    found = target_of(text)
    if found is not None:
        return found
    hint = "package.module:callable, file.py:callable, or a .pt2 file"
    if text.endswith(".py") and (names := _callables(text)):
        hint = f"which callable? {text}:{names[-1]}" + (f", or one of {', '.join(names[:-1][:8])}" if names[1:] else "")
    raise fail("E403", f"{text} names no torch model", hint=hint)


def _callables(path: str) -> list[str]:
    """The classes and functions of a Python file, which is read and not run."""
    try:
        with open(path, encoding="utf-8") as file:
            body = ast.parse(file.read()).body
    except (OSError, ValueError, SyntaxError, RecursionError):
        return []
    return [part.name for part in body if isinstance(part, ast.ClassDef | ast.FunctionDef) and part.name[0] != "_"]


@record
class Request:
    """What the overrides ask for: arguments of the factory, and the shape of each input ("" names all of them)."""

    arguments: Mapping[str, Any]
    shapes: Mapping[str, Shape]


def request_of(overrides: Mapping[str, str], given: Mapping[str, str] | None = None) -> Request:
    """The callable's arguments and the inputs' shapes. An override that is no input is an argument too, but an argument called
    `input` can only be `given`. Raises SpecError."""
    arguments: dict[str, Any] = {}
    shapes: dict[str, Shape] = {}
    for key, value in (*overrides.items(), *(given or {}).items()):
        if key == "input" and value is overrides.get("input"):
            shapes |= asked_shapes(value)
        elif key.isidentifier():
            arguments[key] = literal(value)
        else:
            raise fail(
                "E401", f"{key} is no argument of a Python function", hint="layers of an imported model have no settings"
            )
    return Request(arguments, shapes)


def literal(text: str) -> Any:
    """A Python literal, or the text itself."""
    if {"true": True, "false": False, "none": None, "null": None}.keys() >= {text.lower()}:
        return {"true": True, "false": False}.get(text.lower())
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
