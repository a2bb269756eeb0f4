"""A figure of an architecture: well-formed, with every row's name, and with an arrow for each input."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from rfcalc.importers import load
from rfcalc.page.figure import MOST_ROWS, svg
from tests.nets import Net
from tests.running import rfcalc

NAMESPACE = "{http://www.w3.org/2000/svg}"


def texts(figure: str) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(figure).iter(f"{NAMESPACE}text")]


@pytest.mark.parametrize("name", ["resnet50", "unet", "deeplabv3plus", "tcn", "unet3d", "vit_b16", "hrnet_w18"])
def test_shipped_networks(name: str) -> None:
    figure = svg(load(name, {}, 100_000))
    assert texts(figure)[0]
    assert figure.count("<rect") <= MOST_ROWS + 2
    assert "NaN" not in figure


def test_skips_are_lanes() -> None:
    figure = svg(load("unet", {}, 100_000), depth=1)
    rows = texts(figure)
    for name in ("down1", "bottom", "up1"):
        assert name in rows
    assert figure.count("H") >= 4, "four skips"
    assert "188-204" in rows


def test_export_is_the_same(tmp_path: Path) -> None:
    assert rfcalc("export", "resnet18", "--to", "svg").out == rfcalc("report", "resnet18", "--format", "svg").out


def test_names_are_text() -> None:
    net = Net(3, (8, 8))
    net("relu", name="</svg><script>alert(1)</script>\u202e")
    net.builder.name = "<b>&\x07"
    found = texts(svg(net.graph()))
    assert found[0] == "<b>& "
    assert "</svg><script>alert(1)</script> " in found
