"""libyaml's complaints in the words of somebody who writes a spec."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rfcalc.errors import Problem, Span

At = Callable[[int, int], Span]
GLUED = re.compile(r"\s*(?:- )*([A-Za-z_]\w*):([^\s:/][^:]*)")
# what stands in quotes, a comment, or an expression that lacks its quotes
EXPRESSION = re.compile(
    r""" "[^"]*" | '[^']*' | (?:^|\s)\#.* | (?<=[\s:,\[])(?P<expression> \$\{[^}]*\} | [A-Za-z_]\w*(?:\[[^\]{}]*\])+ ) """,
    re.VERBOSE,
)
OPENED = {"flow mapping": "{", "flow sequence": "[", "quoted scalar": "quote"}
# part of libyaml's text: (message, hint)
SAID = (
    ("did not find expected ',' or '}'", "a comma or } is missing", "in { } each setting is followed by a comma: {k: 3, s: 2}"),
    ("did not find expected ',' or ']'", "a comma or ] is missing", "in [ ] entries are separated by commas: [1, 2]"),
    (
        "mapping values are not allowed",
        "a colon where no key can stand",
        "one key per line, the keys of one mapping with the same indent, one space after each colon",
    ),
    ("scanning a block scalar", "a value cannot begin with > or |", 'put quotes around it: ">= 400"'),
    ("scanning an alias", "a value cannot begin with *", 'put quotes around it: "*x"'),
    ("scanning an anchor", "a value cannot begin with &", 'put quotes around it: "&x"'),
    ("did not find expected key", "the indent differs from the lines above", ""),
    ("did not find expected '-' indicator", "the indent differs from the lines above", "begin each entry of the list with -"),
    ("could not find expected ':'", "a key without a colon", "write k: 3"),
    ("found unknown escape character", "an unknown escape after \\ in double quotes", "use single quotes, or \\\\"),
    ("did not find expected <document start>", "something stands behind the end of the mapping", "is there a } or ] too many?"),
)


def explained(error: Any, lines: Sequence[str], text: str, at: At) -> list[Problem]:
    """The problems that an error of the parser stands for: its own, or every expression in { } that lacks its quotes."""
    mark = getattr(error, "problem_mark", None)
    if mark is not None and mark.line < len(lines) and any(_unquoted(lines[mark.line])):
        return [problem for number, line in enumerate(lines) for problem in _expressions(number, line, at)]
    return [_explained(error, lines, text, at)]


def _expressions(number: int, line: str, at: At) -> Iterator[Problem]:
    for start, expression in _unquoted(line):
        inner = expression.removeprefix("${").removesuffix("}")
        meant = inner if inner != expression else f'"{expression}"'
        why = "an expression needs no ${ }" if inner != expression else "an expression with [ ] needs quotes within { }"
        yield Problem("E007", why, at(number, start), f"write {meant}")


def _unquoted(line: str) -> Iterator[tuple[int, str]]:
    """The expressions of a line that stand within { } and not in quotes or a comment: their places and texts."""
    if "{" in line:
        for match in EXPRESSION.finditer(line[:1000]):
            if match["expression"]:
                yield match.start("expression"), match["expression"]


def _explained(error: Any, lines: Sequence[str], text: str, at: At) -> Problem:
    """A problem E007 (or E003 for a forbidden character) from an error of the parser; `at` makes a Span of line, column."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return _forbidden(error, text, at)
    context, said = error.context or "", " ".join(part for part in (error.context, error.problem) if part)
    line = lines[mark.line] if mark.line < len(lines) else ""
    opened = next((sign for kind, sign in OPENED.items() if kind in context), "")
    if opened and error.context_mark.line < mark.line:
        start = error.context_mark
        where = f"line {mark.line + 1}" if line else "the end of the file"
        return Problem("E007", f"this {opened} is not closed before {where}", at(start.line, start.column))
    if "cannot start any token" in said:
        if "\t" in line[: mark.column + 1]:
            return Problem("E007", "a tab; YAML indents with spaces", at(mark.line, mark.column))
        character = line[mark.column : mark.column + 1]
        return Problem("E007", f"a value cannot begin with {character}", at(mark.line, mark.column), "put quotes around it")
    explanation = next(((message, hint) for part, message, hint in SAID if part in said), (said, ""))
    return Problem("E007", explanation[0], at(mark.line, mark.column), _glued(lines, mark.line) or explanation[1])


def _glued(lines: Sequence[str], number: int) -> str:
    """The hint for a colon without a space, in the line of the error or the one before."""
    for line in lines[max(0, number - 1) : number + 1]:
        match = GLUED.match(line[:200])
        if match:
            return f"write a space after the colon: {match[1]}: {match[2].strip()[:40]}"
    return ""


def _forbidden(error: Any, text: str, at: At) -> Problem:
    """A character that YAML does not allow."""
    place = getattr(error, "position", 0)
    before = text[:place].splitlines() or [""]
    character = getattr(error, "character", 0)
    name = f"U+{character:04X}" if isinstance(character, int) else repr(character)
    return Problem("E003", f"the character {name} is not allowed in YAML", at(len(before) - 1, len(before[-1])))
