"""Tables as lines of text that fit a screen: figures stay whole, names and words give way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rfcalc.errors import visible
from rfcalc.formats.parts.screen import Screen, columns
from rfcalc.report.tables import Column, Table, Tone

GAP = 2  # columns between two cells
LEAST, BARE = 12, 4  # of a name: before a column gives way, and when none is left that could
UNLIMITED = 10**6

Cell = list[str]  # its lines


def table_lines(table: Table, screen: Screen, rule: bool = True) -> Iterator[str]:
    """A table: its heads, a rule, a line or more for each row."""
    cells = [[visible(c.show(v)).split("\n") for c, v in zip(table.columns, row, strict=True)] for row in table.rows]
    widths = _widths(table, cells, screen.width or UNLIMITED)
    kept = [i for i, room in enumerate(widths) if room]
    rooms, shown = [widths[i] for i in kept], [table.columns[i] for i in kept]
    heads = [_cut(column.title, room) for column, room in zip(shown, rooms, strict=True)]
    yield from _row([[head] for head in heads], rooms, shown, screen, [Tone.HEAD] * len(kept))
    if rule:
        yield "─" * (sum(rooms) + GAP * (len(rooms) - 1))
    for row, values in zip(cells, table.rows, strict=True):
        fitted = [_fitted(row[i], widths[i], table.columns[i], first=i == 0) for i in kept]
        tones = [column.tone(values[i]) if column.tone else None for i, column in zip(kept, shown, strict=True)]
        yield from _row(fitted, rooms, shown, screen, tones)


def note_lines(notes: Sequence[tuple[str, str]], screen: Screen) -> Iterator[str]:
    """Labels with their texts beside them; a label that is too long for that stands above."""
    most = max(LEAST + GAP, screen.width // 3) if screen.width else UNLIMITED
    beside = max((n for name, _ in notes if (n := columns(visible(name))) <= most), default=0)
    room = max(BARE, screen.width - beside - GAP) if screen.width else UNLIMITED
    for name, text in notes:
        label, lines = visible(name), _wrapped(visible(text).replace("\n", " "), room)
        if columns(label) > most:
            yield screen.paint(label, Tone.HEAD)
            label = ""
        yield f"{screen.paint(label, Tone.HEAD)}{' ' * (beside - columns(label) + GAP)}{lines[0]}".rstrip()
        yield from (f"{' ' * (beside + GAP)}{line}" for line in lines[1:])


def _row(
    cells: Sequence[Cell], rooms: Sequence[int], shown: Sequence[Column], screen: Screen, tones: Sequence[Tone | None]
) -> Iterator[str]:
    for k in range(max(map(len, cells), default=0)):
        line, parts = "", zip(cells, rooms, shown, tones, strict=True)
        for n, (cell, room, column, tone) in enumerate(parts):
            text = cell[k] if k < len(cell) else ""
            space = " " * (room - columns(text))
            line += (" " * GAP if n else "") + (space if column.right else "") + screen.paint(text, tone)
            line += "" if column.right else space
        yield line.rstrip()


def _fitted(cell: Cell, room: int, column: Column, first: bool) -> Cell:
    """A cell whose lines fit: broken into several, or cut. A name loses its beginning, because its end tells layers of one
    block apart."""
    if all(columns(line) <= room for line in cell):
        return cell
    if column.wrap:
        return [part for line in cell for part in _wrapped(line, room)]
    return [_cut(line, room, first) for line in cell]


def _cut(line: str, room: int, end: bool = False) -> str:
    """The beginning of a line, or its end, where it does not fit."""
    if columns(line) <= room:
        return line
    return f"…{line[len(line) - room + 1 :]}" if end else f"{line[: room - 1]}…"


def _wrapped(text: str, room: int) -> Cell:
    if columns(text) <= room:
        return [text]
    from textwrap import wrap

    return wrap(text, room, break_on_hyphens=False) or [""]


def _widths(table: Table, cells: Sequence[Sequence[Cell]], width: int) -> list[int]:
    """A width per column; 0 for one that has no room. Figures are shown whole: names and ops share what is left on a narrow
    screen, and where that is next to nothing the columns that yield are left out."""
    needed = [
        max([columns(column.title), *(columns(line) for row in cells for line in row[i])])
        for i, column in enumerate(table.columns)
    ]
    for i, column in enumerate(table.columns):
        if column.spare and _excess(needed, width) > 0:
            needed[i] = 0
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
