"""Rows [from, repeats, module, args] of Ultralytics' files, checked and with their places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rfcalc.errors import RuleError, did_you_mean
from rfcalc.importers.ultralytics.modules import NEEDED, Arg
from rfcalc.language.marked import Marked, MarkedList, MarkedMapping, MarkedScalar
from rfcalc.language.problems import Problems
from rfcalc.layers.settings import name_of
from rfcalc.record import record

FORM = "a row is [from, repeats, module, args], such as [-1, 1, Conv, [64, 3, 2]]"
NAMED = {"None": None, "True": True, "False": False}


class ArgError(RuleError):
    """A row's arg is wrong; `mark` is its place."""

    def __init__(self, message: str, mark: Marked, hint: str = "") -> None:
        super().__init__(message)
        self.mark, self.hint = mark, hint


@record(eq=False)
class ModuleRow:
    """One row. `sources` are the rows that it reads, -1 for the input; `args` are values, names replaced by theirs."""

    index: int
    mark: Marked
    sources: tuple[int, ...]
    repeats: int
    module: str
    word: Marked
    args: tuple[Any, ...]
    marks: Sequence[Marked]

    @property
    def name(self) -> str:
        """The name of what the row makes, as in the package."""
        return f"model.{self.index}"

    def place(self, position: int) -> Marked:
        """The place of an arg, or of the row if it is not given."""
        return self.marks[position] if position < len(self.marks) else self.mark

    def values(self, args: Sequence[Arg], skip: int) -> dict[str, Any]:
        """The args behind the first `skip` by their names, defaults filled in; raises ArgError."""
        given = self.args[skip:]
        if len(given) > len(args):
            names = ", ".join(arg.name for arg in args) or "none"
            more = f"{skip + len(args)} arg{'s' if skip + len(args) != 1 else ''}"
            raise ArgError(
                f"{self.module} takes {more} here, not {len(self.args)}",
                self.place(skip + len(args)),
                f"after the channels: {names}" if skip else f"they are: {names}",
            )
        values = {}
        for position, arg in enumerate(args):
            if position < len(given):
                values[arg.name] = self.parsed(arg, skip + position)
            elif arg.default is NEEDED:
                raise ArgError(f"{self.module} needs {arg.name}", self.mark)
            else:
                values[arg.name] = arg.default
        return values

    def parsed(self, arg: Arg, position: int) -> Any:
        """One arg, checked; raises ArgError."""
        if position >= len(self.args):
            raise ArgError(f"{self.module} needs {arg.name}", self.mark)
        value = self.args[position]
        try:
            return arg.kind.parse(value)
        except RuleError as error:
            hint = did_you_mean(value, ("True", "False", "None", "nc")) if isinstance(value, str) else ""
            raise ArgError(f"{self.module}: {arg.name} {error}", self.place(position), hint) from None


class RowReader:
    """Reads the rows of `backbone` and `head`; `names` are the words that stand for values in args."""

    def __init__(self, names: dict[str, Any], problems: Problems) -> None:
        self.names, self.problems = {**NAMED, **names}, problems

    def rows(self, parts: Sequence[Marked]) -> list[ModuleRow | None]:
        """All rows in their order; None for one that is broken, whose problem is kept."""
        rows: list[ModuleRow | None] = []
        for part in parts:
            if not isinstance(part, MarkedList):
                self.problems.add("E618", f"backbone and head are lists of rows, not {name_of(part.plain())}", part, FORM)
                continue
            for item in part.items:
                rows.append(self._row(item, len(rows)))
        return rows

    def _row(self, item: Marked, index: int) -> ModuleRow | None:
        if not isinstance(item, MarkedList) or len(item.items) != 4:
            what = f"a list of {len(item.items)}" if isinstance(item, MarkedList) else name_of(item.plain())
            self.problems.add("E611", f"row {index} is {what}", item, FORM)
            return None
        source, repeats, word, args = item.items
        sources = self._sources(source, index)
        name, times = word.plain(), repeats.plain()
        whole = sources is not None
        if not isinstance(name, str) or not isinstance(word, MarkedScalar):
            self.problems.add("E611", f"row {index}: the module is a word, not {name_of(name)}", word, FORM)
            whole = False
        if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= 10**6:
            self.problems.add("E611", f"row {index}: repeats is a whole number from 1 on, not {name_of(times)}", repeats, FORM)
            whole = False
        if not isinstance(args, MarkedList):
            self.problems.add("E611", f"row {index}: the args are a list, not {name_of(args.plain())}", args, FORM)
            return None
        if not whole or sources is None:
            return None
        return ModuleRow(index, item, sources, times, name, word, tuple(self._value(arg) for arg in args.items), args.items)

    def _sources(self, node: Marked, index: int) -> tuple[int, ...] | None:
        """Absolute numbers of the rows that `from` means: as written from 0 on, counted backwards if negative."""
        sources = []
        for entry in node.items if isinstance(node, MarkedList) else [node]:
            number = entry.plain()
            if isinstance(number, bool) or not isinstance(number, int):
                self.problems.add("E613", f"from takes numbers of rows, not {name_of(number)}", entry, "-1 is the row above")
                return None
            target = number if number >= 0 else index + number
            if not (0 <= target < index or (index == 0 and number == -1)):
                where = "a later row" if number >= index else "above the first row"
                what = "itself" if number == index else f"row {name_of(number)}, {where}"
                self.problems.add(
                    "E613", f"row {index} reads {what}", entry, f"rows above it: 0 to {index - 1}" if index else ""
                )
                return None
            sources.append(target)
        if not sources:
            self.problems.add("E613", f"row {index} reads nothing", node, "-1 is the row above")
        return tuple(sources) or None

    def _value(self, node: Marked) -> Any:
        """An arg: names stand for their values, also in lists; a mapping stays, and no arg takes it."""
        if isinstance(node, MarkedList):
            return tuple(self._value(item) for item in node.items)
        value = node.plain()
        if isinstance(value, str) and isinstance(node, MarkedScalar):
            return self.names.get(value, value)
        return dict(value) if isinstance(node, MarkedMapping) else value
