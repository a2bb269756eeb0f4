"""Networks beside each other in Python."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from torch import nn

import rfcalc
from tests.cli.run import run

SMALL = "input: 3x32x32\nlayers: [{name: a, conv: {out: 4, k: 3}}]\n"


def test_many(tmp_path: Path) -> None:
    found = rfcalc.compare(["resnet18", rfcalc.load("resnet50", depth=101), SMALL], against="resnet18")
    assert [row.name for row in found] == ["resnet18", "resnet50", "spec"]
    assert found["resnet50"]["params"] == 44_549_160
    assert found["resnet50"].change is not None
    assert found.by("macs")[0].name == "spec"
    assert all(row.figures["effective_field"] for row in found)
    (tmp_path / "a.yaml").write_text(SMALL)
    (tmp_path / "b.yaml").write_text(SMALL)
    assert [row.name for row in rfcalc.compare(tmp_path)] == ["a", "b"]
    assert len(rfcalc.compare([str(tmp_path / "*.yaml"), "resnet18"])) == 3


def test_names_of_their_own() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3))
    found = rfcalc.compare({"mine": module, "theirs": nn.Sequential(nn.Conv2d(3, 8, 3))}, (3, 8, 8), against="mine")
    assert [row.name for row in found] == ["mine", "theirs"]
    assert len(rfcalc.compare({"input": "3x8x8", "layers": [{"conv": {"out": 4, "k": 3}}]})) == 1


def test_an_analysis_is_taken_as_it_is_where_it_has_the_effective_field() -> None:
    analysis = rfcalc.analyze("resnet18", erf=True)
    assert rfcalc.compare([analysis])[0].analysis is analysis
    assert rfcalc.compare([rfcalc.analyze("resnet18")])[0]["effective_field"]


def test_how_it_shows_itself() -> None:
    found = rfcalc.compare(["resnet18", "mobilenet_v2"], against=0)
    lines = str(found).splitlines()
    assert lines[0] == "2 networks, against resnet18"
    assert lines[3].split() == ["resnet18", "*", "3x224x224", "11.7", "M", "1.81", "G", "6.42", "MB", "435", "32", "154.1"]
    assert "301 M -83.4 %" in lines[4]
    assert [line.split()[0] for line in lines[6:]] == ["Best", "Effective"]
    assert "mobilenet_v2" in found._repr_html_()
    data = found.to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["networks"][1]["figures"]["peak_activation_bytes"] == found[1]["memory"]
    assert data["networks"][1]["change_percent"]["macs"] == pytest.approx(-83.4, abs=0.1)
    assert repr(found).count("\n") == 0


def test_what_is_wrong() -> None:
    with pytest.raises(KeyError, match='did you mean "resnet18"'):
        rfcalc.compare(["resnet18"], against="resnet1")
    with pytest.raises(IndexError):
        rfcalc.compare(["resnet18"], against=3)
    with pytest.raises(rfcalc.SpecError) as found:
        rfcalc.compare(["resnet1", "nope.yaml"])
    assert len(found.value.problems) == 2


def test_a_difference_is_that_of_the_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = rfcalc.diff("resnet18", "resnet34")
    assert str(found) == run(capsys, monkeypatch, "diff", "resnet18", "resnet34", "--format", "full").out.rstrip("\n")
    assert found.to_dict() == json.loads(run(capsys, monkeypatch, "diff", "resnet18", "resnet34", "--format", "json").out)
    assert (found.same, len(found.changes)) == (False, 105)
    assert repr(found) == f"<Difference of resnet18 and resnet34: {found.summary}>"
    assert rfcalc.diff("resnet18", rfcalc.load("resnet18")).same
    assert [total.new for total in rfcalc.diff("resnet50", rfcalc.analyze("resnet50", depth=101)).totals][:1] == [44_549_160]
