from __future__ import annotations

from rfcalc.report.picture import Picture

CROSS = (0b111 << 10, 0b1 << 21), (0b1 << 11, 0b111 << 20)


def test_one_character_holds_two_rows() -> None:
    assert Picture("", CROSS).lines(80) == ["▄█▄", "·▀·", "rows 10-12, columns 20-22; a character is 1x2 pixels, · is not read"]


def test_holes_are_seen() -> None:
    assert Picture("", ((0b101, 0b1001),)).lines(80)[:2] == ["▀··▀", "▀··▀"]


def test_scaled_down_to_the_screen() -> None:
    whole = (1 << 100) - 1
    lines = Picture("", ((whole, whole),)).lines(50)
    assert len(lines) == 25 + 1
    assert set("".join(lines[:-1])) == {"█"}
    assert len(lines[0]) == 50
    assert "a character is 2x4 pixels" in lines[-1]


def test_shares_when_scaled() -> None:
    """The left half full, every second column of the rest, and nothing in the last two rows of characters."""
    left, right = (1 << 20) - 1, sum(1 << x for x in range(21, 40, 2))
    lines = Picture("", ((0b11111111, left | right), (1 << 15, 1))).lines(20)
    assert lines[:2] == ["█" * 10 + "▒" * 10] * 2
    assert lines[2] == "·" * 20
    assert lines[3] == "▒" + "·" * 19


def test_tall_sets_are_scaled_as_well() -> None:
    lines = Picture("", (((1 << 1000) - 1, 0b1),)).lines(80)
    assert len(lines) <= 49


def test_one_axis_and_three() -> None:
    assert Picture("", ((0b1101,),)).lines(80)[0] == "▀·▀▀"
    assert Picture("", ((0b1, 0b11, 0b1), (0b100, 0b1, 0b11))).lines(80)[0] == "█▀"


def test_nothing_is_read() -> None:
    assert Picture("", ()).lines(80) == ["nothing: only padding is read"]
