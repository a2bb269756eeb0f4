"""A class that several blocks of a network share: what differs between them are arguments of its constructor."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from rfcalc.backends.torch.tree import Path
from rfcalc.backends.torch.variables import GLOBALS, Body, statements
from rfcalc.record import record, replace

Shown = Sequence[str]
LISTED = 3


@record
class Number:
    """A number in a constructor: its text, its keyword and that one's default ("" for none), its layer."""

    text: str
    keyword: str
    usual: str
    of: int


@record
class Use:
    """One block: its scope, numbers and notes; the channels that it reads and makes, and that each number's layer makes."""

    path: Path
    numbers: tuple[Number, ...]
    notes: tuple[str, ...]
    channels: str
    out: str
    widths: tuple[str, ...]


@record
class Argument:
    """An argument of the constructor: its name, the first number that it gives, whether it is passed by name, its default."""

    name: str
    column: int
    keyword: bool
    usual: str
    type: str


class Block:
    """The class. `parts` are the lines of each submodule, `counts` how many numbers each of them has."""

    def __init__(self, parts: Mapping[str, Callable[[Shown], list[str]]], counts: Sequence[int], body: Body) -> None:
        self.parts, self.counts, self.body = parts, counts, body
        self.uses: list[Use] = []
        self.name = ""

    @cached_property
    def _columns(self) -> list[tuple[str, ...]]:
        """For each number, what it is in each block."""
        return [tuple(number.text for number in column) for column in zip(*(use.numbers for use in self.uses), strict=True)]

    @cached_property
    def arguments(self) -> list[Argument]:
        """What differs; numbers that are equal in every block are one argument."""
        first: dict[tuple[str, ...], int] = {}
        for column, values in enumerate(self._columns):
            if len(set(values)) > 1:
                first.setdefault(values, column)
        arguments: list[Argument] = []
        taken = set(GLOBALS)
        for values, column in first.items():
            number = self.uses[0].numbers[column]
            kind = "int" if all(value.isdecimal() for value in values) else "float"
            word = stem = self._word(values, column)
            for count in range(2, len(taken) + 2):
                word = word if word not in taken else f"{stem}{count}"
            taken.add(word)
            arguments.append(Argument(word, column, bool(number.keyword), number.usual, kind))
        return sorted(arguments, key=lambda argument: (argument.keyword, bool(argument.usual)))

    def _word(self, values: tuple[str, ...], column: int) -> str:
        """What an argument is called: by its keyword, or by what it counts in every block."""
        if self.uses[0].numbers[column].keyword:
            return self.uses[0].numbers[column].keyword
        if values == tuple(use.channels for use in self.uses):
            return "channels"
        if values == tuple(use.out for use in self.uses):
            return "out"
        return "width" if values == tuple(use.widths[column] for use in self.uses) else "size"

    def call(self, shown: Shown) -> str:
        """The constructor with these in the place of the numbers."""
        parts = []
        for argument in self.arguments:
            text = shown[argument.column]
            if argument.usual and text == argument.usual:
                continue
            parts.append(f"{argument.name}={text}" if argument.keyword else text)
        return f"{self.name}({', '.join(parts)})"

    def lines(self) -> Iterator[str]:
        """The text of the class."""
        names = {self._columns[argument.column]: argument.name for argument in self.arguments}
        shown = [names.get(values, values[0]) for values in self._columns]
        said = "".join(f", {a.name}: {a.type}" + (f" = {a.usual}" if a.usual else "") for a in self.arguments)
        yield f"class {self.name}(nn.Module):"
        yield f'    """{self._where()}."""'
        yield ""
        yield f"    def __init__(self{said}) -> None:"
        yield "        super().__init__()"
        at = 0
        for (name, lines), count in zip(self.parts.items(), self.counts, strict=True):
            first, *more = lines(shown[at : at + count])
            at += count
            yield f"        self.{name} = {first}"
            yield from (f"        {line}" for line in more)
        yield ""
        notes = [set(column) for column in zip(*(use.notes for use in self.uses), strict=True)]
        steps = (
            replace(step, note=step.note if len(note) == 1 else "") for step, note in zip(self.body.steps, notes, strict=True)
        )
        yield from statements(replace(self.body, steps=tuple(steps)), freed=False)

    def _where(self) -> str:
        paths = [re.sub(r"[^\w.]", "_", ".".join(use.path), flags=re.ASCII) for use in self.uses]
        more = f" and {len(paths) - LISTED} more" if len(paths) > LISTED else ""
        return ", ".join(paths[:LISTED]) + more

    def stem(self, kinds: Mapping[str, str]) -> str:
        """What the class is to be called: what its blocks are, or else the last word of their names."""
        known = {kinds.get(".".join(use.path), "").rpartition(".")[2] for use in self.uses}
        if len(known) == 1 and (kind := known.pop()):
            return kind
        words = list(dict.fromkeys(self._last(use.path) for use in self.uses))
        return words[0] if len(words) == 1 else words[0].rstrip("0123456789_") or words[0]

    @staticmethod
    def _last(path: Path) -> str:
        return next((part for part in reversed(path) if not part.isdecimal()), path[-1])
