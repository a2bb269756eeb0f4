"""`--input`: a network is looked at, at another size than its own; what would make it another network is refused."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest

from tests.running import Run, rfcalc

PAIR = """inputs: {left: 3x32x32, right: 1x32x32}
layers:
  - {conv: {out: 4, k: 3}, from: left, name: a}
  - {conv: {out: 4, k: 3}, from: right, name: b}
  - {add: {}, from: [a, b]}
"""
FIXED = "input: 3x32x32\nlayers: [conv: {out: 4, k: 3}, flatten, {name: fc, linear: 10}, {name: fc2, linear: 5}]\n"
CFG = """[net]
height=32
width=32
channels=3

[convolutional]
filters=4
size=3
stride=1
pad=1
activation=leaky

[connected]
output=10
activation=linear
"""

WAYS = ["3x64x96", "3,64,96", "3, 64, 96", "(3, 64, 96)", "[3,64,96]", "3X64X96", "3×64×96", "input=3x64x96"]
WRONG = ["", "3xax4", "3x0x4", "3x-1x4", "0x5", "x3x4", "3x4x", "3.5x4x4", "9" * 99, "a=b=3x4", "=3x4x4"]


def shown(*words: str) -> Run:
    run = rfcalc("analyze", *words, "--format", "json")
    assert run.code == 0, run.err
    return run


def refused(*words: str) -> str:
    run = rfcalc("analyze", *words)
    assert (run.code, run.out) == (2, "")
    return run.err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("pair.yaml").write_text(PAIR)
    Path("fixed.yaml").write_text(FIXED)
    Path("fixed.cfg").write_text(CFG)
    return tmp_path


@pytest.mark.parametrize("text", WAYS)
def test_ways_to_write_a_shape(text: str) -> None:
    assert shown("resnet18", "--input", text).data["input"] == {"channels": 3, "size": [64, 96]}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_shape(text: str) -> None:
    for network in ("resnet18", "net.py:Net"):
        message = refused(network, "--input", text)
        assert "E124: " in message
        assert "such as 3x224x224" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1x3x224x224", "leave the batch out: --input 3x224x224"),
        ("8x3x96x64", "leave the batch out: --input 3x96x64"),
        ("224x224", "the channels come first: --input 3x224x224"),
        ("640x640x3", "the channels come first: --input 3x640x640"),
        ("1x640x640x3", "channels, then the size of each axis, without the batch: --input 3x224x224"),
        ("224", "channels, then the size of each axis, without the batch: --input 3x224x224"),
        ("4x224x224", "-s input=4x224x224 makes it another network"),
        ("image=3x64x64", 'it is called "input"'),
    ],
)
def test_what_does_not_fit_the_network(text: str, said: str) -> None:
    message = refused("resnet18", "--input", text)
    assert message.startswith("command line:1:9: error E124: ")
    lines = message.splitlines()
    assert lines[1:3] == [f"1 | --input {text}", "  |         " + "^" * len(text)]
    assert said in lines[3]


def test_a_batch_of_a_network_of_one_channel_or_three_axes(tmp_path: Path) -> None:
    one, three = tmp_path / "one.yaml", tmp_path / "three.yaml"
    one.write_text("input: 1x28x28\nlayers: [conv: {out: 4, k: 3}]\n")
    three.write_text("input: 3x8x28x28\nlayers: [conv: {out: 4, k: 3}]\n")
    assert "leave the batch out: --input 1x32x32" in refused(str(one), "--input", "1x1x32x32")
    assert "leave the batch out: --input 3x9x32x32" in refused(str(three), "--input", "1x3x9x32x32")
    assert "channels, then the size of each axis" in refused(str(three), "--input", "3x32x32")
    assert shown(str(three), "--input", "3x9x32x32").data["input"]["size"] == [9, 32, 32]


def test_a_size_that_changes_parameters_is_refused(folder: Path) -> None:
    message = refused("alexnet", "--input", "3x448x448")
    assert "error E124: alexnet fits one input size, 3x227x227: at 3x448x448 its layer fc6 would have" in message
    assert "hint: rfcalc transform alexnet --to fully-convolutional" in message
    assert "-s input=3x448x448 makes it another network" in message
    assert "fc would have" in refused("fixed.yaml", "--input", "3x16x16")
    assert "fits one input size" in refused("fixed.cfg", "--input", "3x64x64")
    assert shown("alexnet", "--input", "3x227x227").data["totals"]["params"] == 60_965_224
    assert shown("resnet18", "--input", "3x448x448").data["totals"]["params"] == 11_689_512


def test_another_kind_of_layer_is_not_sent_to_the_transform(tmp_path: Path) -> None:
    net = tmp_path / "net.yaml"
    net.write_text("input: 3x32x32\nlayers: [conv: {out: 4, k: 3}, positions]\n")
    message = refused(str(net), "--input", "3x64x64")
    assert "fits one input size" in message
    assert "fully-convolutional" not in message


def test_the_override_of_the_input_makes_another_network(folder: Path) -> None:
    other = shown("alexnet", "-s", "input=3x448x448").data
    assert other["totals"]["params"] > 170_000_000
    assert shown("resnet18", "-s", "input=4x64x64").data["input"]["channels"] == 4
    both = shown("alexnet", "-s", "input=3x448x448", "--input", "3x448x448").data
    assert both["totals"] == other["totals"]
    assert "fits one input size, 3x448x448: at 3x224x224" in refused("alexnet", "-s", "input=3x448x448", "--input", "3x224x224")


def test_several_inputs(folder: Path) -> None:
    found = shown("pair.yaml", "--input", "left=3x64x48,right=1x64x48").data
    assert found["input"]["size"] == [64, 48]
    assert [layer["output"]["size"] for layer in found["layers"]] == [[64, 48]] * 3
    assert shown("pair.yaml", "--input", "left=3,64,48,right=1,64,48").data == found
    assert shown("pair.yaml", "-s", "input=left=3x64x48,right=1x64x48").data["layers"] == found["layers"]
    assert 'there is no input "rigth"' in refused("pair.yaml", "--input", "left=3x64x48,rigth=1x64x48")
    assert 'did you mean "right"?' in refused("pair.yaml", "--input", "left=3x64x48,rigth=1x64x48")
    assert 'did you mean "right"?' in refused("pair.yaml", "-s", "input=left=3x64x48,rigth=1x64x48")
    assert "right" in refused("pair.yaml", "--input", "3x64x48"), "a shape without a name is that of each input"
    assert "inputs differ in size" in refused("pair.yaml", "--input", "left=3x64x48")
    assert "name them: " in refused("pair.yaml", "-s", "input=3x64x48")


def test_a_spec_that_only_its_own_size_breaks(tmp_path: Path) -> None:
    net = tmp_path / "net.yaml"
    net.write_text("input: 3x4x4\nlayers: [conv: {out: 4, k: 3}, maxpool: 8]\n")
    assert "E201" in refused(str(net))
    assert shown(str(net), "--input", "3x64x64").data["layers"][-1]["output"]["size"] == [8, 8]


def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, code in ((FIXED, 2), (FIXED.replace("flatten", "gap"), 0)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert rfcalc("analyze", "-", "--input", "3x64x64").code == code


def test_every_command_takes_it_so(folder: Path) -> None:
    for command in (("sizes", "fixed.yaml"), ("check", "fixed.yaml"), ("resize", "fixed.yaml", "--target", "5")):
        run = rfcalc(*command, "--input", "3x64x64")
        assert (run.code, "fits one input size" in run.out + run.err) == (2, True), run.err
    written = rfcalc("convert", "fixed.cfg", "--input", "3,32,32")
    assert written.code == 0
    assert re.search(r'^input: "?3x32x32"?$', written.out, re.M)


def test_a_slice_that_ends_before_the_last_units_follows_the_size(tmp_path: Path) -> None:
    """The padded temporal convolutions of many models: cut at the end, however long the input is."""
    (tmp_path / "tcn.py").write_text(
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a = nn.Conv1d(1, 4, 3, padding=2)\n        self.b = nn.Conv1d(4, 4, 3, padding=4, dilation=2)\n\n"
        "    def forward(self, x):\n        return self.b(self.a(x)[:, :, :-2])[:, :, :-4]\n"
    )
    result = rfcalc("sizes", f"{tmp_path}/tcn.py:Net", "--input", "1x64", "--tile", "48", "--format", "json")
    assert result.code == 0
    (axis,) = result.data["tiles"][0]["axes"]
    assert (axis["halo"], axis["step"]) == ([6, 0], 42)
