"""Tables on narrow screens: names, ops and at last whole columns give way, the field and the costs never."""

from __future__ import annotations

import re

import pytest

from rfcalc.formats.parts.grid import note_lines, table_lines
from rfcalc.formats.parts.screen import Screen
from rfcalc.report.tables import Column, Table, Tone
from tests.running import rfcalc

NETWORKS = ("resnet50", "deeplabv3plus", "ssd300", "resnet3d18")


def rows(network: str, columns: int) -> list[list[str]]:
    """The cells of the layer table's rows, split where two spaces are."""
    lines = rfcalc("analyze", network, columns=columns).out.splitlines()
    assert max(map(len, lines)) <= columns
    start = next(i for i, line in enumerate(lines) if line.startswith("\u2500"))
    stop = lines.index("")
    assert lines[stop + 1].startswith(("Compute", "Folded"))
    return [[cell for cell in line.split("  ") if cell] for line in lines[start + 1 : stop]]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("columns", [80, 60, 40])
def test_figures_stay_whole(network: str, columns: int) -> None:
    wide, narrow = rows(network, 160), rows(network, columns)
    assert len(wide) == len(narrow)
    for full, short in zip(wide, narrow, strict=True):
        shared = full[-1].endswith(("%", "\u2588", "\u258c"))
        field, *costs = (cell.strip() for cell in (full[3], *(full[-3:-1] if shared else full[-2:])))
        assert [cell.strip() for cell in short[-2:]] == costs
        assert field in [cell.strip() for cell in short[1:-2]]


def test_80_columns_show_every_column_but_the_bars() -> None:
    heads = {columns: rfcalc("analyze", "resnet50", columns=columns).out.splitlines()[1] for columns in (160, 80, 40)}
    assert heads[80].split() == ["Layer", "Op", "Output", "RF", "Stride", "MACs", "Params"]
    assert heads[160].split() == [*heads[80].split(), "Share", "of", "MACs"]
    assert heads[40].split() == ["Layer", "RF", "MACs", "Params"]


def shown(rows: tuple[tuple[object, ...], ...], width: int = 0, color: bool = False, **settings: object) -> list[str]:
    columns = (Column("a", "Name", **settings), Column("b", "Figure", right=True, tone=lambda cell: Tone.BAD))  # type: ignore[arg-type]
    return list(table_lines(Table("", columns, rows), Screen(width, color)))


def test_cells_that_do_not_fit() -> None:
    long = "layer1.0.conv1"
    assert shown(((long, 1),), 20, ratio=1)[2:] == ["\u2026er1.0.conv1       1"]
    assert shown((("one two three", 1),), 16, ratio=1, wrap=True)[2:] == ["one two        1", "three"]
    assert shown((("one\ntwo", 1),))[2:] == ["one        1", "two"]


def test_wide_signs_take_two_columns() -> None:
    lines = shown((("\u5c42", 1), ("ab", 2), ("e\u0301", 3)))[2:]
    assert lines == ["\u5c42         1", "ab         2", "e\u0301          3"]


def test_what_a_terminal_would_obey_is_written_out() -> None:
    (line,) = shown((("a\x1b[31m\u202eb\r", "x\x07"),))[2:]
    assert line.split() == ["a\\x1b[31m\\u202eb\\r", "x\\x07"]


def test_colours_are_beside_the_words() -> None:
    rows_ = (("a", 12),)
    plain, painted = shown(rows_), shown(rows_, color=True)
    assert painted[2] == "a         \x1b[31m12\x1b[0m"
    assert [re.sub("\x1b\\[[0-9;]*m", "", line) for line in painted] == plain


def test_a_label_that_is_long_stands_above_its_text() -> None:
    notes = (("output conv9_2_mbox_loc", "16x1x1, receptive field 900x900"), ("Memory", "1 MB"))
    assert list(note_lines(notes, Screen(40))) == [
        "output conv9_2_mbox_loc",
        "        16x1x1, receptive field 900x900",
        "Memory  1 MB",
    ]
    assert list(note_lines(notes, Screen())) == [
        "output conv9_2_mbox_loc  16x1x1, receptive field 900x900",
        "Memory                   1 MB",
    ]
