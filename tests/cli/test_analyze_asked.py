"""`rfcalc analyze` with --why, --erf, --erf-map, --mask and --mask-png."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.running import rfcalc

HOLES = """\
input: 1x33x40
layers:
  - {name: a, conv: {out: 1, k: 3, d: 2}}
  - {name: b, conv: {out: 1, k: 3, s: 2, d: 2}}
"""


@pytest.fixture
def holes(tmp_path: Path) -> str:
    path = tmp_path / "holes.yaml"
    path.write_text(HOLES)
    return str(path)


def test_why_as_json() -> None:
    data = rfcalc("analyze", "resnet18", "--why", "--format", "json").data
    assert data["why"]["layer"] == "layer4.1.relu"
    for axis in data["why"]["axes"]:
        assert axis["size"] == 435 == 1 + sum(entry["adds"] for entry in axis["path"])
        assert axis["path"][0] == {"layer": "conv1", "adds": 6, "before": 3, "after": 3}
    adds = {layer["name"]: layer["adds"] for layer in data["layers"]}
    assert adds["layer2.0.conv1"] == [8, 8]
    assert adds["layer2.0.downsample"] == [0, 0]


def test_why_as_a_table() -> None:
    lines = rfcalc("analyze", "resnet18", "--why").out.splitlines()
    start = next(i for i, line in enumerate(lines) if line == "What sets the receptive field of layer4.1.relu: 1 + 434 pixels")
    end = next(i for i, line in enumerate(lines) if line.startswith("Compute"))
    rows = [line.split() for line in lines[start + 3 : end] if line]
    assert rows[0] == ["conv1", "conv", "7x7/2", "+6", "1.4", "%", "7"]
    assert rows[-1][-1] == "435"
    assert sum(int(row[-4]) for row in rows) == 434
    assert "Adds" in lines[1]


def test_why_of_a_chosen_layer() -> None:
    assert rfcalc("analyze", "resnet18", "--why", "--layer", "layer1.*", "-f", "json").data["why"]["layer"] == "layer1.1.relu"
    data = rfcalc("analyze", "resnet18", "--why", "--layer", "fc", "-f", "json").data
    assert "why" not in data


def test_without_asking_there_is_nothing_more() -> None:
    data = rfcalc("analyze", "resnet18", "-f", "json").data
    assert not {"why", "erf"} & set(data)
    assert not any({"adds", "erf_sigma", "masks"} & set(layer) for layer in data["layers"])


def test_erf() -> None:
    data = rfcalc("analyze", "vgg16", "--erf", "-f", "json").data
    sigmas = {layer["name"]: layer["erf_sigma"] for layer in data["layers"] if "erf_sigma" in layer}
    assert sigmas["conv1_2"] == [pytest.approx((2 * 8 / 12) ** 0.5, abs=1e-6)] * 2
    assert "gap" not in sigmas
    line = data["erf"]["marginals"][0]
    assert sum(line["shares"]) == pytest.approx(1)
    assert "ERF sigma" in rfcalc("analyze", "vgg16", "--erf").out


def test_erf_map(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    assert rfcalc("analyze", "vgg16", "--layer", "conv3_3", "--erf-map", str(path)).code == 0
    assert {YELLOW, FRAME, RING} <= colors(path)


YELLOW, DARK, FRAME, RING = (253, 231, 36), (68, 1, 84), (214, 39, 40), (255, 127, 14)


def colors(path: Path) -> set[tuple[int, int, int]]:
    """The colours of a picture."""
    image = Image.open(path).convert("RGB")
    assert image.size == (640, 520)
    return {color for _, color in image.getcolors(1 << 20)}  # type: ignore[union-attr]


def test_mask_of_a_set_with_holes(holes: str) -> None:
    run = rfcalc("analyze", holes, "--layer", "b", "--at", "0,5", "--mask")
    assert "b, unit 0,5: 15 pixels" in run.out
    lines = run.out.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("b, unit"))
    assert lines[at + 1 : at + 5] == [
        "▀·▀·▀·▀·▀",
        "▀·▀·▀·▀·▀",
        "▀·▀·▀·▀·▀",
        "rows 0-4, columns 6-14; a character is 1x2 pixels, · is not read",
    ]


def test_masks_of_the_selected_layers_or_of_the_last(holes: str) -> None:
    assert "\na, unit 1,5" not in rfcalc("analyze", holes, "--at", "1,5", "--mask").out
    both = Path(holes).with_name("three.yaml")
    both.write_text(HOLES + "  - {name: c, conv: {out: 1, k: 1}}\n")
    out = rfcalc("analyze", str(both), "--at", "1,5", "--mask", "--layer", "[ab]").out
    assert "\na, unit 1,5" in out
    assert "\nb, unit 1,5" in out


def test_mask_as_json(holes: str) -> None:
    layers = rfcalc("analyze", holes, "--at", "0,5", "--mask", "-f", "json").data["layers"]
    assert layers[1]["masks"] == [[[[[i, i] for i in (0, 2, 4)], [[i, i] for i in range(6, 15, 2)]]]]
    assert layers[1]["units"][0]["pixels"] == 15


def test_mask_as_a_picture(holes: str, tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    assert rfcalc("analyze", holes, "--layer", "b", "--at", "0,5", "--mask-png", str(path)).code == 0
    assert {YELLOW, DARK, FRAME} <= colors(path)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--mask",), "need a unit"),
        (("--mask-png", "x.png"), "need a unit"),
        (("--mask-png", "x.png", "--at", "0,0", "--at", "1,1"), "one spec and one unit"),
        (("--erf-map", "x.png", "vgg16"), "one spec and one unit"),
        (("--mask-png", "x.png", "--at", "99,99"), "no selected layer has a unit 99,99"),
        (("--erf-map", "x.png", "--layer", "c"), "no selected layer has a receptive field"),
        (("--erf-map", "no/such/folder/x.png"), "cannot write no/such/folder/x.png"),
    ],
)
def test_mistakes(args: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(HOLES + "  - {name: c, gap: {}}\n")
    run = rfcalc("analyze", "net.yaml", *args)
    assert run.code == 2
    assert message in run.err.replace("\n", " ").replace("│ ", "").replace(" │", "")
    assert not Path("x.png").exists()


def test_unproductive_layers_are_marked() -> None:
    run = rfcalc("analyze", "vgg16", "--input", "3x32x32", "--full")
    rows = {line.split()[0]: line for line in run.out.splitlines() if line.startswith("conv")}
    assert "*" not in rows["conv3_3"]
    assert " 60*" in rows["conv4_1"]
    assert "Unproductive" in run.out
    assert "Unproductive" not in rfcalc("analyze", "vgg16").out
