"""`space:` of a spec, and `-s` of a sweep: the values that a param may have in a family of designs.

`16:512:8` is a range as in Python, without its end; `16:512:*2` multiplies, rounded where both ends are whole; `18,34,50` is a
list, as is a list of YAML in `space:`. Anything else is one value for all designs, or an expression over params above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rfcalc.errors import RuleError, SpecError, did_you_mean
from rfcalc.language.marked import Marked, MarkedList, MarkedMapping, MarkedScalar, read
from rfcalc.language.overrides import parsed
from rfcalc.language.problems import Problems
from rfcalc.layers.settings import name_of
from rfcalc.record import record

MOST_STEPS = 100_000  # of a range that is no range of whole numbers, or that multiplies
LARGEST = 10**18
BRACKETS = {"[": 1, "{": 1, "(": 1, "]": -1, "}": -1, ")": -1}
NUMBER = r"\s*([-+]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*"
RANGE = re.compile(rf"{NUMBER}:{NUMBER}(?::\s*(\*?){NUMBER})?")
FORMS = "16:512:8 (the end is left out), 16:512:*2, or 18,34,50"


@record(eq=False)
class Choices:
    """The values of one param, or of another thing that `-s` sets. `nodes`: where each of them was written; empty for those of
    a range, which stands at `mark`. Without `free` there is one value, which may be an expression."""

    key: str
    mark: Marked
    values: Sequence[Any]
    nodes: tuple[Marked, ...] = ()
    free: bool = True

    def __len__(self) -> int:
        return len(self.values)

    def node(self, number: int) -> Marked:
        """One of the values with its place."""
        if self.nodes:
            return self.nodes[number]
        value = self.values[number]
        return MarkedScalar(self.mark.document, self.mark.line, self.mark.column, value, str(value))

    def text(self, number: int) -> str:
        """One of the values as a spec writes it."""
        return written(self.values[number])


def written(value: Any) -> str:
    """A value as a spec writes it, on one line."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(key)}: {written(one)}" for key, one in value.items()) + "}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z_][\w*/+() .-]*", value):
        import json

        return json.dumps(value)
    return str(value)


def stated(node: Marked, known: Sequence[str], problems: Problems) -> dict[str, Choices]:
    """What `space:` of a spec says; `known` are the params of the spec. What is wrong is a problem, at its place."""
    if not isinstance(node, MarkedMapping):
        problems.add("E128", f"space is a mapping of params to their values, not {name_of(node.plain())}", node, FORMS)
        return {}
    found = {}
    for key, (mark, given) in node.entries.items():
        if unknown := _unknown(str(key), known):
            problems.add("E128", f'space: there is no param "{mark.text[:60]}"', mark, unknown)
            continue
        try:
            found[str(key)] = choices(str(key), given)
        except RuleError as error:
            problems.add("E128", f"space: {mark.text[:60]}: {error}", given)
        except SpecError as error:
            for problem in error.problems:
                problems.add(problem.code, f"space: {mark.text[:60]}: {problem.message}", given, problem.hint)
    return found


def asked(pairs: Mapping[str, str], problems: Problems) -> dict[str, Choices]:
    """The same of `-s key=values`; what is wrong is a problem."""
    found = {}
    for key, text in pairs.items():
        parts = _split(text)
        nodes = [one for part in parts for one in parsed({key: part}, problems).values()]
        if len(nodes) < len(parts):
            continue
        try:
            found[key] = _listed(key, nodes[0], nodes) if len(parts) > 1 else _single(key, nodes[0])
        except RuleError as error:
            problems.add("E128", f"{key}: {error}", nodes[0])
    return found


def misnamed(found: Mapping[str, Choices], known: Sequence[str], problems: Problems) -> None:
    """Reports what no param of a spec is called."""
    for key, one in found.items():
        if unknown := _unknown(key, known):
            problems.add("E116", f'there is no param "{key[:60]}"', one.mark, unknown)


def choices(key: str, node: Marked) -> Choices:
    """The values that a node of `space:` means; raises RuleError, or SpecError for a part that is no YAML."""
    if isinstance(node, MarkedList):
        return _listed(key, node, node.items)
    if isinstance(node, MarkedScalar) and isinstance(node.value, str):
        parts = _split(node.value)
        if len(parts) > 1:
            return _listed(key, node, [_at(node, part) for part in parts])
    return _single(key, node)


def _at(node: Marked, text: str) -> Marked:
    """A part of a text, at the place of the whole."""
    value = read(text.strip() or "null", "space")[1]
    return MarkedScalar(node.document, node.line, node.column, value.plain(), text.strip())


def _unknown(key: str, known: Sequence[str]) -> str:
    """What may have been meant by a key that is neither a param, nor the input, nor a setting of a layer; else nothing."""
    if key in known or key == "input" or "." in key:
        return ""
    there = f"the params are {', '.join(known[:12])}" if known else "the spec has no params"
    return did_you_mean(key, [*known, "input"]) or there


def _listed(key: str, mark: Marked, nodes: Sequence[Marked]) -> Choices:
    if not nodes:
        raise RuleError("a list without values leaves no design")
    values = [node.plain() for node in nodes]
    seen: set[str] = set()
    for value in values:
        if (word := written(value)) in seen:
            raise RuleError(f"{word} is listed twice, which would make two equal designs")
        seen.add(word)
        if isinstance(value, str) and RANGE.fullmatch(value):
            raise RuleError(f"{value} is a range within a list: write one or the other")
    return Choices(key, mark, tuple(values), tuple(nodes))


def _single(key: str, node: Marked) -> Choices:
    value = node.plain()
    if isinstance(value, str) and ":" in value:
        return Choices(key, node, _range(value))
    return Choices(key, node, (value,), (node,), free=False)


def _range(text: str) -> Sequence[Any]:
    """The values of START:STOP, START:STOP:STEP or START:STOP:*FACTOR; raises RuleError."""
    match = RANGE.fullmatch(text)
    if not match:
        raise RuleError(f"{text[:60]} is no range of numbers such as 16:512:8 or 16:512:*2")
    start, stop, step = (_number(part) for part in (match[1], match[2], match[4] or "1"))
    if match[3]:
        values: Sequence[Any] = _multiplied(start, stop, step)
    elif step == 0:
        raise RuleError(f"{text}: a step of 0 never ends")
    elif all(isinstance(one, int) for one in (start, stop, step)):
        values = range(int(start), int(stop), int(step))
    else:
        values = _spread(start, stop, step)
    if not values:
        raise RuleError(f"{text} has no values: the end is left out, as in Python")
    return values


def _number(text: str) -> float:
    plain = text.replace("_", "")
    number = int(plain) if re.fullmatch(r"[-+]?[0-9]+", plain) else float(plain)
    if abs(number) > LARGEST:
        raise RuleError(f"{text[:30]} is beyond {LARGEST:.0e}")
    return number


def _spread(start: float, stop: float, step: float) -> tuple[float, ...]:
    count = max(0, -int((start - stop) // step))
    if count > MOST_STEPS:
        raise RuleError(f"{count:,} values; a range of fractions has at most {MOST_STEPS:,}")
    found = (round(start + i * step, 12) for i in range(count))
    return tuple(one for one in found if (one < stop) == (step > 0) and one != stop)


def _multiplied(start: float, stop: float, factor: float) -> tuple[float, ...]:
    """The values from `start` to below `stop`, each `factor` times the one before; whole ones where both ends are."""
    if start <= 0 or factor <= 1:
        raise RuleError("a range that multiplies starts above 0, by a factor above 1")
    whole = isinstance(start, int) and isinstance(stop, int)
    found: dict[float, None] = {}
    for power in range(MOST_STEPS):
        value = start * factor**power
        if value >= stop:
            return tuple(one for one in found if one < stop)
        found[round(value) if whole else float(f"{value:.12g}")] = None
    raise RuleError(f"more than {MOST_STEPS:,} values")


def _split(text: str) -> list[str]:
    """The parts between commas that stand in no brackets and no quotes."""
    return list(_parts(text)) if "," in text else [text]


def _parts(text: str) -> Iterator[str]:
    depth, quote, begin = 0, "", 0
    for at, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in BRACKETS:
            depth += BRACKETS[sign]
        elif sign == "," and depth == 0:
            yield text[begin:at]
            begin = at + 1
    yield text[begin:]
