"""JSON: one object for one SPEC, a list for several, however many can be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rfcalc.version import __version__
from tests.running import rfcalc

COMMANDS = [("analyze",), ("sizes",), ("sizes", "--tile", "64"), ("paths",), ("explain-cost",)]
NET = "input: 3x96x96\nlayers: [{name: a, conv: {out: 8, k: 3}}]\n"


@pytest.fixture
def net(tmp_path: Path) -> str:
    path = tmp_path / "net.yaml"
    path.write_text(NET)
    return str(path)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_shape_follows_what_was_named(words: tuple[str, ...], net: str) -> None:
    one = rfcalc(*words, net, "-f", "json")
    assert one.data["name"] == "net"
    assert rfcalc(*words, net, net, "-f", "json").data == [one.data, one.data]
    half = rfcalc(*words, net, "nowhere", "-f", "json")
    assert (half.code, half.data) == (2, [one.data])
    assert "nowhere" in half.err
    none = rfcalc(*words, "nowhere", "nothing", "-f", "json")
    assert (none.code, none.data) == (2, [])
    assert rfcalc(*words, "nowhere", "-f", "json").out == ""


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_it_begins_with_the_versions(words: tuple[str, ...], net: str) -> None:
    head = list(rfcalc(*words, net, "-f", "json").data.items())[:2]
    assert head == [("schema_version", 1), ("rfcalc_version", __version__)]


def test_one_line_per_layer() -> None:
    lines = rfcalc("analyze", "resnet18", "-f", "json").out.splitlines()
    layers = [line for line in lines if line.startswith('    {"name"')]
    assert len(layers) == json.loads("\n".join(lines))["totals"]["layers"]
