"""The inputs of a spec: their names and shapes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rfcalc.errors import RuleError, did_you_mean
from rfcalc.language.expressions import WORD
from rfcalc.language.marked import Marked, MarkedList, MarkedMapping
from rfcalc.language.problems import Problems
from rfcalc.language.top import Top
from rfcalc.language.values import evaluate, names_in, parsed
from rfcalc.layers.settings import Int, ListOf, name_of
from rfcalc.relations.shape import Shape

SHAPE = re.compile(r"[0-9]+(x[0-9]+)*")
NAMED = re.compile(r",(?=[^,=]*=)")
ASKED = re.compile(r"[1-9]\d{0,8}(?:\s*[x×*,]\s*[1-9]\d{0,8})*", re.ASCII)
DIMENSIONS = ListOf(Int())
MOST_AXES = 4


def asked_shapes(text: str) -> dict[str, Shape]:
    """The shapes that a command line asks for: 3x224x224 (or 3,224,224), or by name left=3x64x64,right=3x64x64; the name ""
    stands for every input. Raises RuleError."""
    found = {}
    for part in NAMED.split(text):
        name, sign, numbers = part.rpartition("=")
        numbers = numbers.strip().lower()
        if numbers[:1] + numbers[-1:] in ("()", "[]"):
            numbers = numbers[1:-1].strip()
        if not ASKED.fullmatch(numbers) or "=" in name or (sign and not name.strip()):
            raise RuleError(f"{text[:80]!r} is no shape of an input")
        channels, *size = map(int, re.findall(r"\d+", numbers))
        found[name.strip()] = Shape(channels, tuple(size))
    return found


def shapes_text(shapes: Mapping[str, Shape]) -> str:
    """Shapes as `asked_shapes` reads them."""
    return ",".join(f"{name}={shape}" if name else str(shape) for name, shape in shapes.items())


def meant(shape: Shape, channels: int | None, axes: int, name: str = "") -> str:
    """What was probably meant by a shape where an input of `axes` axes (and of `channels` channels, if that is known) is
    needed; "" where that is not clear."""
    numbers, option = (shape.channels, *shape.size), f"--input {name}=" if name else "--input "
    if len(numbers) == axes + 2 and channels in (None, numbers[1]):
        return f"leave the batch out: {option}{Shape(numbers[1], numbers[2:])}"
    if len(numbers) == axes and channels not in (None, shape.channels):
        return f"the channels come first: {option}{channels}x{shape}"
    if len(numbers) == axes + 1 and shape.channels != channels == numbers[-1]:
        return f"the channels come first: {option}{Shape(channels, numbers[:-1])}"
    return ""


def inputs(
    top: Top, override: Marked | None, params: Mapping[str, Any], problems: Problems
) -> Iterator[tuple[str, Shape | None, Marked]]:
    """Name, shape (None if it is wrong) and place of each input."""
    several = top.nodes.get("inputs")
    if several is not None and "input" in top.nodes:
        problems.add("E118", "a spec has input or inputs, not both", several)
    if several is None:
        node = override or top.nodes.get("input")
        if node is not None:
            yield "input", _shape(node, params, problems), node
    elif not isinstance(several, MarkedMapping) or not several.entries:
        problems.add("E118", "inputs is a mapping of names to shapes", several, "inputs: {left: 3x64x64, right: 3x64x64}")
    else:
        given = _by_name(override, several, problems)
        for name, (mark, node) in several.entries.items():
            if not isinstance(name, str) or not WORD.fullmatch(name) or name == "in":
                problems.add("E111", f"{name_of(name)} is no name of an input", mark)
            yield str(name), given.get(str(name)) or _shape(node, params, problems), mark


def _by_name(override: Marked | None, several: MarkedMapping, problems: Problems) -> dict[str, Shape]:
    """The shapes that an override gives to some of several inputs."""
    if override is None:
        return {}
    example = ",".join(f"{name}=3x64x64" for name in several.entries)
    try:
        given = asked_shapes(str(override.plain()))
    except RuleError as error:
        problems.add("E118", str(error), override, f"name them: input={example}")
        return {}
    for name in given:
        if name not in several.entries:
            what = f'there is no input "{name[:40]}"' if name else "the spec has several inputs"
            problems.add("E118", what, override, did_you_mean(name, map(str, several.entries)) or f"name them: input={example}")
    return given


def _shape(node: Marked, params: Mapping[str, Any], problems: Problems) -> Shape | None:
    """Channels, then the size of each axis: 3x224x224, or a list that may hold expressions; None if it is wrong."""
    hint = "channels, then the size of each axis: 3x224x224"
    if isinstance(node, MarkedList) and 1 <= len(node.items) <= MOST_AXES:
        listed = [_dimension(item, params, problems) for item in node.items]
        return None if None in listed else Shape(listed[0], tuple(listed[1:]))
    raw = node.plain()
    try:
        if not _written(raw):
            names_in(raw, params)
            raw = evaluate(raw, params)
        if _written(raw):
            raw = tuple(int(part[:30]) for part in raw.split("x")[: MOST_AXES + 2])
        sizes = DIMENSIONS.parse(raw if isinstance(raw, tuple) else (raw,))
        if len(sizes) > MOST_AXES:
            raise RuleError(f"has {len(sizes) - 1} axes; at most {MOST_AXES - 1} are possible")
    except RuleError as error:
        problems.rule("E118", "input ", error, node, hint)
        return None
    return Shape(sizes[0], tuple(sizes[1:]))


def _written(raw: Any) -> bool:
    return isinstance(raw, str) and SHAPE.fullmatch(raw) is not None


def _dimension(node: Marked, params: Mapping[str, Any], problems: Problems) -> Any:
    try:
        names_in(node.plain(), params)
        return parsed("input", DIMENSIONS.item, node.plain(), params)
    except RuleError as error:
        problems.rule("E118", "", error, node)
        return None
