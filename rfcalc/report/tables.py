"""What a command says, ready for a format to print: columns, rows, notes below, and the JSON data. Knows no format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from typing import Any, TypeAlias

from rfcalc.errors import Problem
from rfcalc.record import record
from rfcalc.report.picture import Picture

Show = Callable[[Any], str]
Json: TypeAlias = "str | float | bool | Sequence[Json] | Mapping[str, Json] | None"  # what JSON can hold


class Tone(Enum):
    """What a text means, beside its words: a format that has colours may show it by one."""

    HEAD = auto()
    PLACE = auto()
    GOOD = auto()
    WARN = auto()
    BAD = auto()
    WORST = auto()
    FAINT = auto()


@record
class Column:
    """One column. `show` makes text of a raw value; right-aligned if `right`; `ratio` > 0 lets a narrow screen shorten it, or
    with `wrap` break it into lines. A column that `yields` is left out of a screen too narrow for all, the highest first; one
    that is `spare` before anything is shortened. `tone`: what a value means."""

    key: str
    title: str
    show: Show = str
    right: bool = False
    ratio: int = 0
    wrap: bool = False
    yields: int = 0
    spare: bool = False
    tone: Callable[[Any], Tone | None] | None = None


@record
class Table:
    """A table of raw values, one tuple per row in the order of the columns."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]


@record
class Report:
    """Tables with (label, text) notes below them; `flat` is the table for programs; `data` is what JSON prints, typed in
    report/models; `pictures` stand between the tables and the notes."""

    title: str
    tables: tuple[Table, ...]
    notes: tuple[tuple[str, str], ...]
    flat: Table
    data: Mapping[str, object]
    pictures: tuple[Picture, ...] = ()


@record
class Answer:
    """What a command says: a report for each network that could be read, in the order in which they were named, and what is
    wrong with the others. `many`: several were named, however many could be read."""

    reports: tuple[Report, ...]
    problems: tuple[Problem, ...] = ()
    many: bool = False


def box_text(box: Sequence[tuple[int, int]] | None) -> str:
    """A box as "-19..23 x -19..23"; "-" where only padding is read or every path is global."""
    return " x ".join(f"{a}..{b}" for a, b in box) if box else "-"
