"""Darknet's .cfg files as sections of key=value lines, each with its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rfcalc.errors import RuleError, Span, did_you_mean
from rfcalc.language.problems import Problems
from rfcalc.layers.settings import name_of
from rfcalc.record import record

WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
REAL = re.compile(r"[-+]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][-+]?[0-9]{1,3})?")
LARGEST = 10**9


class OptionError(RuleError):
    """The value of an option is wrong; `span` is its place."""

    def __init__(self, message: str, span: Span, hint: str = "") -> None:
        super().__init__(message)
        self.span, self.hint = span, hint


@record(eq=False)
class Section:
    """One section: its word, its options as (value, place), where it begins. Options that occur twice count once, the first
    time, as in darknet; `again` names those whose second value differs."""

    word: str
    span: Span
    options: dict[str, tuple[str, Span]]
    again: dict[str, Span]

    def text(self, key: str, usual: str) -> str:
        """The value of an option; raises OptionError if it is given twice."""
        if key in self.again:
            raise OptionError(f"{key} is given twice, with different values", self.again[key])
        return self.options[key][0] if key in self.options else usual

    def place(self, key: str) -> Span:
        """The place of an option, or of the section if it is not given."""
        return self.options[key][1] if key in self.options else self.span

    def whole(self, key: str, usual: int, low: int = 0, high: int = LARGEST) -> int:
        """A whole number; raises OptionError."""
        text = self.text(key, str(usual))
        if not WHOLE.fullmatch(text):
            raise OptionError(f"{key} must be a whole number, not {name_of(text)}", self.place(key))
        value = int(text)
        if not low <= value <= high:
            raise OptionError(f"{key} must be {f'at least {low}' if value < low else f'at most {high:,}'}", self.place(key))
        return value

    def real(self, key: str, usual: float) -> float:
        """A number; raises OptionError."""
        text = self.text(key, repr(usual))
        if not REAL.fullmatch(text) or abs(float(text)) > LARGEST:
            raise OptionError(f"{key} must be a number, not {name_of(text)}", self.place(key))
        return float(text)

    def flag(self, key: str) -> bool:
        """An option that is off if it is left out or 0; raises OptionError."""
        return self.whole(key, 0, -1, 1) != 0

    def numbers(self, key: str) -> list[int]:
        """A list with commas; raises OptionError."""
        parts = [part for part in self.text(key, "").split(",") if part]
        if not parts:
            raise OptionError(f"[{self.word}] needs {key}", self.place(key))
        for part in parts:
            if not WHOLE.fullmatch(part):
                raise OptionError(f"{key} is a list of whole numbers; {name_of(part)} is none", self.place(key))
        return [int(part) for part in parts]

    def refuse(self, keys: Sequence[str]) -> None:
        """Raises OptionError for an option that is on and changes what is computed."""
        for key in keys:
            if self.text(key, "0") not in ("0", "none", "0.0"):
                raise OptionError(f"[{self.word}] with {key} is not known", self.place(key))


def sections(text: str, source: str, problems: Problems) -> list[Section]:
    """The sections of a file; lines that are none of darknet's are kept as problems."""
    sections: list[Section] = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = re.split(r"[#;]", line, maxsplit=1)[0].strip()
        if not bare:
            continue
        column = len(line) - len(line.lstrip()) + 1
        span = Span(source, number, column, line[:2000], min(len(bare), 80))
        if bare.startswith("["):
            word = bare[1:-1].strip().lower() if bare.endswith("]") else ""
            if not word:
                problems.add("E620", "a section is a word in brackets", span, "[convolutional]")
            sections.append(Section(word, span, {}, {}))
        elif "=" not in bare:
            problems.add("E620", f"{name_of(bare)} is neither a section nor an option", span, "[section] or key=value")
        elif not sections:
            problems.add("E620", "an option before the first section", span, "a file begins with [net]")
        else:
            _option(sections[-1], bare, span)
    return sections


def _option(section: Section, bare: str, span: Span) -> None:
    key, _, value = bare.partition("=")
    key, value = key.strip(), "".join(value.split())
    if key not in section.options:
        section.options[key] = (value, span)
    elif section.options[key][0] != value:
        section.again[key] = span


def mistyped(section: Section, known: Sequence[str], problems: Problems) -> None:
    """Keeps as problems the options that nobody knows and that resemble a known one."""
    for key, (_, span) in section.options.items():
        if key not in known:
            hint = did_you_mean(key, known)
            meant: Any = hint.split('"')[1] if hint else ""
            if meant and meant[0] == key[:1] and abs(len(meant) - len(key)) <= 1 and not key.startswith(meant):
                problems.add("E623", f'[{section.word}] has no option "{key[:40]}"', span, hint)
