"""How the layer table is shown, as a user asks for it."""

from __future__ import annotations

import csv
import io

import pytest

from tests.running import rfcalc


def names(*words: str) -> list[str]:
    """The first cell of each row of the layer table."""
    lines = rfcalc("analyze", "resnet50", *words, columns=200).out.splitlines()
    return [line.split()[0] for line in lines[3 : lines.index("")]]


def test_depth() -> None:
    assert names("--depth", "1") == ["conv1", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool", "fc"]
    assert len(names("--full")) == 174


def test_the_largest_come_first() -> None:
    assert names("--sort", "params", "--top", "2", "--depth", "1") == ["layer4", "layer3"]
    assert names("--sort", "params", "--top", "2") == ["layer4.0.conv2", "layer4.1.conv2"]
    run = rfcalc("analyze", "resnet50", "--sort", "memory", "--top", "1", columns=200)
    assert "11.2 MB" in run.out.splitlines()[3]
    assert "Left out" in run.out


def test_columns() -> None:
    run = rfcalc("analyze", "unet", "--columns", "memory,inputs,macs,memory", columns=200)
    assert run.out.splitlines()[1].split() == ["Layer", "Memory", "Inputs", "MACs"]
    assert "up3.conv2_relu" in run.out


def test_a_summary_has_no_layers() -> None:
    run = rfcalc("analyze", "resnet50", "--summary", columns=200)
    assert "layer1" not in run.out.replace("while layer1.1.conv3_bn", "")
    assert "4.09 GMACs" in run.out
    assert rfcalc("analyze", "resnet50", "--summary", "-f", "json").data["layers"] == []


def test_programs_get_the_order_too() -> None:
    data = rfcalc("analyze", "resnet50", "--sort", "macs", "--top", "3", "-f", "json").data
    rows = list(csv.DictReader(io.StringIO(rfcalc("analyze", "resnet50", "--sort", "macs", "--top", "3", "-f", "csv").out)))
    assert [layer["name"] for layer in data["layers"]] == [row["name"] for row in rows]
    assert data["layers"][0]["name"] == "conv1"
    assert data["totals"]["layers"] == 174


def test_markdown_has_the_same_rows() -> None:
    out = rfcalc("analyze", "resnet50", "--depth", "1", "-f", "markdown").out
    assert "| layer1 | 3x bottleneck, first differs |" in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--sort", "mac"), 'did you mean "macs"?'),
        (("--sort", "layers"), "--sort takes one of"),
        (("--columns", "op,shares"), 'did you mean "share"?'),
        (("--depth", "0"), "Invalid value for '--depth'"),
        (("--top", "0"), "Invalid value for '--top'"),
        (("--full", "--depth", "2"), "choose one"),
        (("--depth", "1", "-f", "json"), "--depth shapes the table"),
        (("--columns", "macs", "-f", "csv"), "--columns shapes the table"),
    ],
)
def test_mistakes(words: tuple[str, ...], says: str) -> None:
    run = rfcalc("analyze", "resnet50", *words, columns=200)
    assert (run.code, run.out) == (2, "")
    assert says in " ".join(run.err.replace("\u2502", " ").split())


def test_one_layer_has_no_footer_of_the_network() -> None:
    out = rfcalc("analyze", "unet", "--layer", "up2.conv2", columns=200).out
    assert "GMACs" not in out
    assert "up2.conv2  128x196x196, receptive field 188x188 to 204x204 over the phases" in out
