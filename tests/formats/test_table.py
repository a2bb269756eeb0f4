"""Tables on narrow screens: names, ops and at last whole columns give way, the field and the costs never."""

from __future__ import annotations

import pytest

from tests.running import rfcalc

NETWORKS = ("resnet50", "deeplabv3plus", "ssd300", "resnet3d18")


def rows(network: str, columns: int) -> list[list[str]]:
    """The cells of the layer table's rows, split where two spaces are."""
    lines = rfcalc("analyze", network, columns=columns).out.splitlines()
    assert max(map(len, lines)) <= columns
    start = next(i for i, line in enumerate(lines) if line.startswith("\u2500"))
    stop = next(i for i, line in enumerate(lines) if line.startswith("Compute"))
    return [[cell for cell in line.split("  ") if cell] for line in lines[start + 1 : stop]]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("columns", [80, 60, 40])
def test_figures_stay_whole(network: str, columns: int) -> None:
    wide, narrow = rows(network, 160), rows(network, columns)
    assert len(wide) == len(narrow)
    for full, short in zip(wide, narrow, strict=True):
        field, *costs = (cell.strip() for cell in (full[3], *full[-2:]))
        assert [cell.strip() for cell in short[-2:]] == costs
        assert field in [cell.strip() for cell in short[1:-2]]


def test_80_columns_show_every_column() -> None:
    heads = {columns: rfcalc("analyze", "resnet50", columns=columns).out.splitlines()[1].split() for columns in (160, 80, 40)}
    assert heads[80] == heads[160] == ["Layer", "Op", "Output", "RF", "Stride", "MACs", "Params"]
    assert heads[40] == ["Layer", "RF", "MACs", "Params"]
