"""`object_size`: how large the objects are that a network, or each of its outputs, is to find."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from rfcalc.errors import did_you_mean
from rfcalc.language.marked import Marked, MarkedList, MarkedMapping
from rfcalc.language.problems import Problems
from rfcalc.layers.settings import name_of
from rfcalc.record import record

FORMS = "a number, [smallest, largest], or {anchors: [[30, 60], [60, 30]]}"


@record
class SizeRange:
    """The smallest and the largest objects in pixels: one number for all axes, or one per axis."""

    least: tuple[float, ...]
    most: tuple[float, ...]


def object_sizes(
    node: Marked, axes: set[int], outputs: Mapping[str, Sequence[str]], problems: Problems
) -> dict[str, SizeRange]:
    """The sizes by the name of an output's layer; by "" where they hold for the network as a whole. `axes`: those of the
    inputs; `outputs`: what each output may be called. What is wrong is a problem."""
    if isinstance(node, MarkedMapping):
        return _by_output(node, axes, outputs, problems)
    numbers = _numbers(node.items if isinstance(node, MarkedList) else [node], problems)
    if isinstance(node, MarkedList):
        _one_per_axis(node, axes, "object_size", problems)
    return {"": SizeRange(numbers, numbers)} if numbers else {}


def written(node: Marked, outputs: Mapping[str, Sequence[str]]) -> Any:
    """The value as the spec has it, but each output by the name of its layer, which is the same in every form of a spec."""
    if not isinstance(node, MarkedMapping):
        return node.plain()
    entries = node.entries.items()
    return {name: value.plain() for key, (_, value) in entries for name in outputs if _speaks_of(key, outputs[name])}


def _speaks_of(key: object, words: Sequence[str]) -> bool:
    return any(fnmatchcase(word, str(key)) for word in words)


def _by_output(
    node: MarkedMapping, axes: set[int], outputs: Mapping[str, Sequence[str]], problems: Problems
) -> dict[str, SizeRange]:
    found: dict[str, SizeRange] = {}
    named: dict[str, str] = {}
    for key, (mark, value) in node.entries.items():
        sizes = _range(value, axes, problems)
        mine = [name for name, words in outputs.items() if _speaks_of(key, words)]
        if not mine and outputs:
            known = [words[0] for words in outputs.values()]
            hint = did_you_mean(str(key), known) or f"the outputs are {', '.join(known[:8])}"
            problems.add("E118", f'object_size: there is no output "{mark.text[:60]}"', mark, hint)
        for name in mine:
            if name in named:
                problems.add("E118", f'object_size: "{named[name]}" speaks of the output "{name}" already', mark, "keep one")
            named.setdefault(name, mark.text)
            if sizes:
                found[name] = sizes
    for name, words in outputs.items():
        if name not in named:
            problems.add("E118", f'object_size says nothing of the output "{words[0]}"', node, f"{words[0]}: {FORMS}")
    return found


def _range(node: Marked, axes: set[int], problems: Problems) -> SizeRange | None:
    """The sizes of one output."""
    if isinstance(node, MarkedMapping):
        return _anchors(node, axes, problems)
    if not isinstance(node, MarkedList):
        numbers = _numbers([node], problems)
        return SizeRange(numbers, numbers) if numbers else None
    numbers = _numbers(node.items, problems)
    if len(numbers) == len(node.items) and (len(numbers) != 2 or numbers[0] > numbers[1]):
        problems.add("E118", "the sizes of an output are its smallest and its largest objects", node, FORMS)
    return SizeRange(numbers[:1], numbers[1:2]) if len(numbers) == 2 else None


def _anchors(node: MarkedMapping, axes: set[int], problems: Problems) -> SizeRange | None:
    for key, (mark, _) in node.entries.items():
        if key != "anchors":
            what = f'object_size: an output has anchors, not "{mark.text[:60]}"'
            problems.add("E118", what, mark, did_you_mean(mark.text, ("anchors",)) or FORMS)
    boxes = node.get("anchors")
    if not node.entries:
        problems.add("E118", "object_size: an output has anchors, or numbers", node, FORMS)
    if not isinstance(boxes, MarkedList) or not boxes.items:
        if boxes is not None:
            problems.add("E118", f"anchors are a list of boxes, not {name_of(boxes.plain())}", boxes, "[[30, 60], [60, 30]]")
        return None
    sides = []
    for box in boxes.items:
        numbers = _numbers(box.items if isinstance(box, MarkedList) else [box], problems)
        if isinstance(box, MarkedList):
            _one_per_axis(box, axes, "an anchor", problems)
        sides.append(numbers if len(numbers) > 1 else numbers * max(axes, default=1))
    if not all(sides) or len(set(map(len, sides))) > 1:
        return None
    return SizeRange(tuple(map(min, zip(*sides, strict=True))), tuple(map(max, zip(*sides, strict=True))))


def _numbers(nodes: Sequence[Marked], problems: Problems) -> tuple[float, ...]:
    """The numbers of pixels; none where one of them is none."""
    good = list(_checked(nodes, problems))
    return tuple(good) if len(good) == len(nodes) else ()


def _checked(nodes: Sequence[Marked], problems: Problems) -> Iterator[float]:
    for item in nodes:
        value = item.plain()
        if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value < math.inf:
            problems.add("E118", f"object_size is a number of pixels from 1 on, not {name_of(value)}", item, "object_size: 96")
        else:
            yield value


def _one_per_axis(node: MarkedList, axes: set[int], what: str, problems: Problems) -> None:
    count = len(node.items)
    if axes and count not in axes:
        size = " or ".join(map(str, sorted(axes)))
        message = f"{what} has {count} number{'s' if count != 1 else ''} for an input of {size} axes"
        problems.add("E118", message, node, "one number for all axes, or a list of one per axis")
