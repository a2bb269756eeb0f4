"""CSV: the same columns whether one network was named or many; each row says which one it is of."""

from __future__ import annotations

import csv
import io

import pytest

from tests.running import rfcalc

COMMANDS = [("analyze",), ("sizes",), ("sizes", "--keep", "4"), ("paths",), ("explain-cost",)]
NETWORKS = ("espcn", "unet")


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_one_shape(words: tuple[str, ...]) -> None:
    alone = [rows(rfcalc(*words, name, "-f", "csv").out) for name in NETWORKS]
    assert alone[0][0] == alone[1][0]
    assert alone[0][0][0] == "network"
    for (_, *body), name in zip(alone, NETWORKS, strict=True):
        assert body
        assert {row[0] for row in body} == {name}
    assert rows(rfcalc(*words, *NETWORKS, "-f", "csv").out) == [*alone[0], *alone[1][1:]]


def test_what_cannot_be_read_is_no_row() -> None:
    half, alone = rfcalc("analyze", "espcn", "nowhere", "-f", "csv"), rfcalc("analyze", "espcn", "-f", "csv")
    assert (half.code, half.out) == (2, alone.out)
    assert "nowhere" in half.err
    assert rfcalc("analyze", "nowhere", "-f", "csv").out == ""
