"""Where a step of an exported program comes from: the module that it runs in, the line of somebody's file."""

from __future__ import annotations

import importlib
import linecache
import re
import traceback
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from rfcalc.errors import Span, SpecError, fail
from rfcalc.importers.torch.in_place import VIEWS, base_name
from rfcalc.importers.torch.target import Target

FRAME = re.compile(r'File "([^"]+)", line (\d+)')


@cache
def _torch() -> str:
    import torch

    return str(Path(torch.__file__).parent)


def scope_of(node: Any) -> tuple[str, str, str]:
    """The path of the module that a node runs in, its class, and which call of it that is."""
    stack = node.meta.get("nn_module_stack")
    if not stack:
        return "", "", ""
    key, (path, kind) = list(stack.items())[-1]
    kind = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
    return _path(path), kind, key


def span_of(node: Any) -> Span | None:
    """The innermost line of a node's stack trace outside of torch."""
    frames = FRAME.findall(node.meta.get("stack_trace") or "")
    for path, line in reversed(frames):
        if not path.startswith((_torch(), "<")):
            return line_span(path, int(line))
    return None


def containers(nodes: Sequence[Any]) -> set[str]:
    """Modules that hold other ones, or that do several things themselves."""
    names: set[str] = set()
    calls: Counter[tuple[str, str]] = Counter()
    for node in nodes:
        if node.op != "call_function":
            continue
        path, _, key = scope_of(node)
        parts = path.split(".")
        names.update(".".join(parts[:i]) for i in range(1, len(parts)))
        if base_name(node.target) not in VIEWS:
            calls[path, key] += 1
    return names | {path for (path, _), count in calls.items() if count > 1}


def kinds(nodes: Sequence[Any]) -> dict[str, str]:
    """The class of each module that the program runs."""
    classes: dict[str, str] = {}
    for node in nodes:
        for path, kind in (node.meta.get("nn_module_stack") or {}).values():
            classes.setdefault(_path(path), kind if isinstance(kind, str) else kind.__qualname__)
    return classes


def _path(path: str) -> str:
    """A module's path, without the number of its call."""
    return re.sub(r"@\d+$", "", re.sub(r"^L\['self'\]\.?", "", path))


def broken(target: Target, error: BaseException) -> SpecError:
    """An error of somebody's code as an error with its place."""
    text = f"{type(error).__name__}: {error}".splitlines()[0][:300].rstrip(": ")
    return fail("E405", f"{target.text} could not be made: {text}", place_of(error))


def place_of(error: BaseException) -> Span | None:
    """The last line outside of torch and rfcalc that an error passed."""
    skipped = (str(Path(__file__).resolve().parents[1]), _torch(), "<", str(Path(importlib.__file__ or "").parent))
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(skipped)]
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Span(error.filename, error.lineno, error.offset or 1, (error.text or "").rstrip())
    return line_span(frames[-1].filename, frames[-1].lineno or 1) if frames else None


def line_span(path: str, line: int) -> Span:
    """A whole line of a file."""
    text = linecache.getline(path, line).rstrip()
    code = text.strip()
    return Span(path, line, text.find(code) + 1, text, max(1, len(code)))
