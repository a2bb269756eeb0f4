"""`rfcalc paths`."""

from __future__ import annotations

from math import comb
from pathlib import Path

from tests.running import rfcalc


def test_resnet152_as_json() -> None:
    data = rfcalc("paths", "resnet152", "-f", "json").data
    assert data["paths"] == 2**50
    assert sum(count for _, count in data["lengths"]) == 2**50
    assert [data["lengths"][0], data["lengths"][-1]] == [[6, 1], [152, 1]]
    assert data["layer"] == "fc"
    assert data["fields_of"] == "layer4.2.relu"
    for axis in data["fields"]:
        assert axis["sizes"][-1] == [1451, 1]
        assert sum(count for _, count in axis["sizes"]) == 2**50
        assert not axis["upper_bound"]


def test_chart() -> None:
    run = rfcalc("paths", "resnet18")
    assert "256 (2^8): wherever a layer reads several others" in run.out
    rows = [line.split() for line in run.out.splitlines()]
    lengths = {row[0]: int(row[1]) for row in rows if len(row) == 5 and set(row[4]) <= set("█▏") and row[0].isdigit()}
    # Five identity blocks (0 or 2 layers), three projections (1 or 2), the first convolution and the classifier.
    expected = {str(2 + 2 * a + 3 + b): 0 for a in range(6) for b in range(4)}
    for a in range(6):
        for b in range(4):
            expected[str(2 + 2 * a + 3 + b)] += comb(5, a) * comb(3, b)
    assert lengths == expected
    longest = max(len(row[4]) for row in rows if len(row) == 5 and set(row[4]) == {"█"})
    assert longest == 32


def test_many_lengths_share_rows() -> None:
    out = rfcalc("paths", "resnet152").out
    assert "76-82" in out
    assert "1,125,899,906,842,624 (2^50)" in out


def test_paths_to_a_layer() -> None:
    data = rfcalc("paths", "resnet18", "--layer", "layer1.1.relu", "-f", "json").data
    assert (data["paths"], data["fields_of"]) == (4, "layer1.1.relu")


def test_global_paths_are_said(tmp_path: Path) -> None:
    path = tmp_path / "se.yaml"
    path.write_text(
        "input: 3x32x32\nlayers:\n  - {name: x, conv: {out: 4, k: 3}}\n  - gap\n  - {name: g, conv: {out: 4, k: 1}}\n"
        "  - {mul: {}, from: [x, g]}\n"
    )
    assert "1 more path sees the whole input through a global layer" in rfcalc("paths", str(path)).out


def test_csv_and_markdown() -> None:
    lines = rfcalc("paths", "unet", "-f", "csv").out.splitlines()
    assert lines[:2] == ["network,kind,axis,value,paths", "unet,length,,5,1"]
    assert lines.count("unet,field,0,204,1") == 1
    assert "| Layers | Paths | Share |" in rfcalc("paths", "unet", "-f", "markdown").out


def test_mistakes() -> None:
    run = rfcalc("paths", "unet", "--layer", "nope")
    assert run.code == 2
    assert "no layer matches nope" in run.err
    assert rfcalc("paths").code == 2
