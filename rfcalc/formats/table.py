"""Tables for the screen, by rich: they fit the screen's width, and stay plain text in a pipe."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import Literal

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from rfcalc.formats.parts.screen import Screen
from rfcalc.report.tables import Answer, Report, Table

GAP = 2  # one of padding, one of the box
LEAST, BARE = 12, 4  # of a name: before a column gives way, and when none is left that could


def render(answer: Answer, screen: Screen) -> str:
    """The reports one below the other."""
    out = StringIO()
    width = screen.width or _needed(answer.reports)
    console = Console(
        file=out,
        width=width,
        force_terminal=screen.color,
        no_color=not screen.color,
        highlight=False,
        emoji=False,
        markup=False,
    )
    for i, report in enumerate(answer.reports):
        if i:
            console.print()
        console.print(Text(report.title, style="bold"))
        for table in report.tables:
            if table.title:
                console.print(Text(f"\n{table.title}", style="bold"))
            console.print(_table(table, width))
        for picture in report.pictures:
            console.print(Text(f"\n{picture.title}", style="bold"))
            console.print(Text("\n".join([*picture.lines(min(width, 160) if screen.width else 80), ""])), no_wrap=True)
        console.print(_notes(report.notes))
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip("\n").split("\n"))


def _table(table: Table, width: int) -> RichTable:
    shown = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, GAP - 1, 0, 0), header_style="bold", show_edge=False)
    cells = [[c.show(v) for c, v in zip(table.columns, row, strict=True)] for row in table.rows]
    widths = _widths(table, cells, width)
    kept = [i for i, room in enumerate(widths) if room]
    for column, room in ((table.columns[i], widths[i]) for i in kept):
        side: Literal["left", "right"] = "right" if column.right else "left"
        overflow: Literal["fold", "ellipsis"] = "fold" if column.wrap else "ellipsis"
        shown.add_column(column.title, justify=side, no_wrap=not column.wrap, overflow=overflow, width=room)
    for first, *others in ([row[i] for i in kept] for row in cells):
        shown.add_row(Text(first if table.columns[0].wrap else _cut(first, widths[0])), *map(Text, others))
    return shown


def _cut(name: str, room: int) -> str:
    """A name without its beginning where it does not fit: its end tells layers of one block apart."""
    return name if len(name) <= room or "\n" in name else f"…{name[len(name) - room + 1 :]}"


def _widths(table: Table, cells: Sequence[Sequence[str]], width: int) -> list[int]:
    """A width per column; 0 for one that has no room. Figures are shown whole: names and ops share what is left on a narrow
    screen, and where that is next to nothing the columns that yield are left out."""
    needed = [
        max(len(line) for text in [c.title, *(row[i] for row in cells)] for line in text.split("\n"))
        for i, c in enumerate(table.columns)
    ]
    flexible = [i for i, column in enumerate(table.columns) if column.ratio]
    yielding = sorted((i for i, column in enumerate(table.columns) if column.yields), key=lambda i: table.columns[i].yields)
    while _excess(needed, width) > 0:
        widest = max(flexible, key=lambda i: needed[i], default=None)
        if widest is not None and needed[widest] > (LEAST if yielding else BARE):
            needed[widest] -= 1
        elif yielding:
            needed[yielding.pop()] = 0
        else:
            break
    return needed


def _excess(needed: Sequence[int], width: int) -> int:
    return sum(n + GAP for n in needed if n) - GAP - width


def _notes(notes: Sequence[tuple[str, str]]) -> RichTable:
    shown = RichTable.grid(padding=(0, 2, 0, 0))
    shown.add_column(no_wrap=True)
    shown.add_column(overflow="fold")
    for name, text in notes:
        shown.add_row(Text(name, style="bold"), Text(text))
    return shown


def _needed(reports: Sequence[Report]) -> int:
    """Wide enough for every cell and every note."""
    width = 20
    for report in reports:
        for table in report.tables:
            cells = [[c.show(v) for c, v in zip(table.columns, row, strict=True)] for row in table.rows]
            width = max(width, sum(_widths(table, cells, 10**6)) + GAP * len(table.columns))
        label = max((len(name) for name, _ in report.notes), default=0)
        width = max([width, *(label + len(text) + 4 for _, text in report.notes)])
    return width
