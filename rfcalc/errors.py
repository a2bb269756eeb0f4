"""What is wrong, and where in whose file: the one way in which rfcalc reports bad input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rfcalc.record import field, record

COMMAND = re.compile(r"^(\s*)(::)", re.MULTILINE)
MORE = "rfcalc explain CODE tells more"


class RuleError(ValueError):
    """A layer's own rule is broken; the message is plain and names no place ("inputs differ in size: 30x30, 32x32")."""


@record
class Span:
    """A place in somebody's file; line and column count from 1, `text` is the whole source line."""

    source: str
    line: int
    column: int
    text: str = ""
    width: int = 1


@record
class Placed:
    """A value of somebody's file that knows its places: its own, that of its `key`, and those of its entries (by key or by
    index)."""

    value: Any
    span: Span | None = None
    key: Span | None = None
    entries: Mapping[Any, Placed] = field(default_factory=dict)


@record
class Problem:
    """One thing that is wrong: a stable code, one plain sentence, the place if there is one, and how to mend it."""

    code: str
    message: str
    span: Span | None = None
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.span.source}:{self.span.line}:{self.span.column}: " if self.span else ""
        return told(f"{where}error {self.code}: {self.message}", self.span, self.hint)


class SpecError(Exception):
    """Every problem that was found in one input, in the order of its lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n\n".join(str(problem) for problem in self.problems))


def fail(code: str, message: str, span: Span | None = None, hint: str = "") -> SpecError:
    """A SpecError with a single problem, to be raised by the caller."""
    return SpecError([Problem(code, message, span, hint)])


def told(headline: str, span: Span | None, hint: str) -> str:
    """What was found, as every command prints it: the headline, the source line with its number and a caret, the hint."""
    lines = [one_line(headline)]
    if span and span.text:
        line, caret = excerpt(span)
        number = str(span.line)
        lines += [f"{number} | {line}", f"{' ' * len(number)} | {caret}"]
    if hint:
        lines.append(f"  hint: {one_line(hint)}")
    return "\n".join(lines)


def visible(text: str) -> str:
    """A text without what its reader would obey: control characters and marks of direction, for a terminal, are written out;
    what begins a command in a log of GitHub's is preceded by a backslash. Lines stay lines."""
    if text.isprintable() and "##[" not in text and not text.lstrip().startswith("::"):
        return text
    text = COMMAND.sub(r"\1\\\2", text.replace("##[", "##\\["))
    return "".join(sign if sign.isprintable() or sign == "\n" else sign.encode("unicode_escape").decode() for sign in text)


def one_line(text: str) -> str:
    """A text of one line without what its reader would obey."""
    return visible(text.replace("\n", "\\n"))


def summed_up(errors: Sequence[SpecError]) -> str:
    """Every problem, and how many there are."""
    count = sum(len(error.problems) for error in errors)
    return "\n\n".join([*map(str, errors), f"{count} error{'s' if count != 1 else ''}; {MORE}"])


def excerpt(span: Span, limit: int = 100) -> tuple[str, str]:
    """The source line, shortened around the place, and a line with carets below it."""
    line = "".join(sign if sign.isprintable() else " " for sign in span.text).rstrip()
    at = max(0, span.column - 1)
    cut = max(0, min(at - limit // 2, len(line) - limit))
    shown = line[cut : cut + limit]
    head = "..." if cut else ""
    tail = "..." if cut + limit < len(line) else ""
    width = max(1, min(span.width, len(shown) - (at - cut)))
    return head + shown + tail, " " * (len(head) + at - cut) + "^" * width


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """'did you mean "conv"?' for the nearest known word, or the empty string."""
    import difflib

    if len(word) > 60:
        return ""
    words = list(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if not near:  # ReLU, SAME
        lower = {each.lower(): each for each in words}
        near = [lower[each] for each in difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)]
    return f'did you mean "{near[0]}"?' if near else ""


def no_attribute(thing: object, name: str, instead: Mapping[str, str]) -> AttributeError:
    """The error for an attribute that is not there, with the nearest one, or with what is called otherwise."""
    what = f"{type(thing).__name__} has no attribute {name!r}"
    if name.startswith("_"):
        return AttributeError(what, name=name, obj=thing)
    own = [key for key in {*dir(type(thing)), *vars(thing), *instead} if not key.startswith("_")]
    near = name if name in instead else did_you_mean(name, own)
    word = next((word for word in instead if word == near or f'"{word}"' in near), "")
    hint = f"it is {instead[word]}" if word else near
    return AttributeError(f"{what}; {hint}" if hint else what)
