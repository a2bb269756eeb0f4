"""JSON Lines: an object per line for each network and each problem, whether one network was named or many."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.running import Run, rfcalc

COMMANDS = [("analyze",), ("sizes",), ("sizes", "--tile", "64"), ("paths",), ("explain-cost",)]
NET = "input: 3x96x96\nlayers: [{name: a, conv: {out: 8, k: 3}}]\n"


def lines(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.out.splitlines()]


@pytest.fixture
def net(tmp_path: Path) -> str:
    path = tmp_path / "net.yaml"
    path.write_text(NET)
    return str(path)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_each_line_is_the_object_of_json(words: tuple[str, ...], net: str) -> None:
    data = rfcalc(*words, net, "-f", "json").data
    assert lines(rfcalc(*words, net, "-f", "jsonl")) == [data]
    assert lines(rfcalc(*words, net, net, "-f", "jsonl")) == [data, data]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_what_cannot_be_read_has_its_line(words: tuple[str, ...], net: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("input: 3x96x96\nlayers:\n  - {conv: {out: 8, kernle: 3}}\n  - {conf: 8}\n")
    run = rfcalc(*words, str(bad), net, "-f", "jsonl")
    good, *problems = lines(run)
    assert run.code == 2
    assert good["name"] == "net"
    assert [(one["error"]["code"], one["error"]["line"], one["error"]["column"]) for one in problems] == [
        ("E103", 3, 21),
        ("E102", 4, 6),
    ]
    assert all(one["error"]["file"] == str(bad) and one["schema_version"] == 1 for one in problems)
    assert "kernle" in problems[0]["error"]["message"]
    assert "kernle" in run.err
    (alone,) = lines(rfcalc(*words, "nowhere", "-f", "jsonl"))
    assert alone["error"]["code"] == "E001"
    assert (alone["error"]["file"], alone["error"]["line"]) == (None, None)


def test_a_question_without_an_answer_has_its_line(net: str) -> None:
    run = rfcalc("analyze", net, "resnet18", "--layer", "a", "-f", "jsonl")
    assert run.code == 2
    assert [one.get("name") or one["error"]["code"] for one in lines(run)] == ["net", "E120"]


def test_of_one_network() -> None:
    """Commands that take one network have the format too."""
    (data,) = lines(rfcalc("design", "--target", "90", "-f", "jsonl"))
    assert data == rfcalc("design", "--target", "90", "-f", "json").data
