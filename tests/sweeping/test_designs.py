"""Designs of a file, and figures that people bring."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from rfcalc.errors import SpecError
from rfcalc.sweeping.designs import quoted, read

KNOWN = ("w", "d", "act")


def designs(tmp_path: Path, text: str) -> list[object]:
    path = tmp_path / "designs"
    path.write_text(text, newline="")
    found = read(str(path), KNOWN)
    return [json.loads(one) for one in found(0, len(found))]


def test_csv_and_json_lines(tmp_path: Path) -> None:
    expected = [{"w": "8", "d": "2"}, {"w": "16", "act": "relu"}]
    assert designs(tmp_path, "w,d,act\n8,2,\n\n16,,relu\n") == expected
    assert designs(tmp_path, '\n{"w": 8, "d": 2}\r\n\n{"w": 16, "act": "relu"}\n') == expected
    assert designs(tmp_path, "\ufeffw\n'=w\n") == [{"w": "=w"}]
    assert designs(tmp_path, '{"w": [1, 2], "d": true}') == [{"w": "[1, 2]", "d": "true"}]


def test_some_of_many(tmp_path: Path) -> None:
    path = tmp_path / "designs"
    path.write_text("w\n" + "\n".join(map(str, range(1000))))
    found = read(str(path), KNOWN)
    assert [json.loads(one)["w"] for one in found(500, 3)] == ["500", "501", "502"]
    assert found.digest != read(str(write(tmp_path, "w\n1")), KNOWN).digest


def write(folder: Path, text: str) -> Path:
    path = folder / "other"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("w,dd\n1,2\n", r'designs:1:1: .*no param "dd"(.|\n)*did you mean "d"'),
        ("w,w\n1,2\n", "a column is named twice"),
        ("w,d\n1\n", r"designs:2:1: .*1 cells below 2 columns"),
        ('{"w": 1}\n{"w"', r"designs:2:1: .*no object of JSON"),
        ('{"w": 1}\n[1]', r"designs:2:1: .*no object of JSON"),
        ('{"ww": 1}', 'did you mean "w"'),
        ("w\n", "holds no designs"),
        ("", "holds no designs"),
        ('w\n"1', "unexpected end of data"),
    ],
)
def test_what_is_no_design(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        designs(tmp_path, text)


def test_a_file_that_is_not_there_and_one_that_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot read"):
        read(str(tmp_path / "none"), KNOWN)
    (tmp_path / "bytes").write_bytes(b"w\n\xff\xfe\n")
    with pytest.raises(SpecError, match="not text in UTF-8"):
        read(str(tmp_path / "bytes"), KNOWN)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"w": 3}\n'))
    assert read("-", KNOWN)(0, 1) == ['{"w": "3"}']


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-w", "@x", "\tx"])
def test_a_formula_is_quoted(cell: str) -> None:
    assert quoted(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["w=1", "relu", -3, 0.5, ""])
def test_anything_else_is_not(cell: object) -> None:
    assert quoted(cell) == cell
