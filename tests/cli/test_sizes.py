"""`rfcalc sizes`, with and without --tile."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import rfcalc

PADDED = ("unet", "-s", "padding=half", "--input", "1x512x512")
ANISOTROPIC = """\
input: 1x32x60
layers:
  - conv: {out: 2, k: [3, 5], s: [1, 2]}
  - maxpool: {k: [1, 3]}
"""
TIED = """\
input: 1x6x6
layers:
  - {name: map, conv: {out: 1, k: 3}}
  - tokens
  - maxpool: 15
  - linear: 3
"""


def test_sizes_of_the_unpadded_unet() -> None:
    data = rfcalc("sizes", "unet", "-f", "json").data
    for axis in data["axes"]:
        assert axis["fits"] == {
            "text": "188 + 16 k (188, 204, 220, ...)",
            "smallest": 188,
            "from": 173,
            "period": 16,
            "residues": [12],
            "irregular": [],
        }
        assert axis["runs"]["text"] == "every size from 188"
        assert axis["tried"] == [1, 3 * 572]
    own = next(row for row in data["growth"] if row["input"] == [572, 572])
    totals = rfcalc("analyze", "unet", "-f", "json").data["totals"]
    assert own["output"] == {"channels": 2, "size": [388, 388]}
    assert (own["macs"], own["peak_activation_bytes"]) == (totals["macs"], totals["peak_activation_bytes"])


def test_growth_is_the_analysis_at_each_size() -> None:
    for row in rfcalc("sizes", "resnet18", "-f", "json").data["growth"][1:4]:
        size = "x".join(map(str, row["input"]))
        totals = rfcalc("analyze", "resnet18", "--input", f"3x{size}", "-f", "json").data["totals"]
        assert (row["macs"], row["peak_activation_bytes"]) == (totals["macs"], totals["peak_activation_bytes"])


def test_sizes_on_the_screen() -> None:
    out = rfcalc("sizes", *PADDED).out
    assert "Fits, each side  multiples of 16, from 16: all layers agree, and no strided layer drops rows" in out
    assert "No padding       192: the smallest input on which some unit of out touches none" in out
    assert "438: the smallest input on which some unit of layer4.2.relu touches" in rfcalc("sizes", "resnet50").out


def test_rows_that_no_layer_reads_are_told(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("input: 3x32x32\nlayers: [{name: stem, conv: {out: 4, k: 3}}, {name: down, conv: {out: 4, k: 1, s: 2}}]\n")
    out = " ".join(rfcalc("sizes", str(path)).out.split())
    assert "Fits, each side every size from 1:" in out
    assert "Skips down: between the rows of stem that are read lie rows that no layer reads" in out
    assert rfcalc("sizes", str(path), "-f", "json").data["skips"] == [{"layer": "stem", "read_by": ["down"]}]
    path.write_text(path.read_text().replace("k: 1", "k: 3"))
    assert "Skips" not in rfcalc("sizes", str(path)).out


def test_no_padding_is_looked_for_where_the_network_runs(tmp_path: Path) -> None:
    """At 64 alone the upsampled map fits the input; there unit (32, 32) touches no padding."""
    path = tmp_path / "net.yaml"
    steps = "[{conv: {out: 4, k: 3, s: 2}}, {name: up, upsample: {size: 64}}, {concat: {}, name: cat, from: [input, up]}]"
    path.write_text(f"input: 3x64x64\nlayers: {steps}\n")
    data = rfcalc("sizes", str(path), "-f", "json").data
    assert [axis["padding_free"] for axis in data["axes"]] == [64, 64]


def test_no_padding_may_be_found_on_each_axis_alone(tmp_path: Path) -> None:
    """A linear layer ties height and width: 5x6 and 6x5 give two windows of 15, and 5x5 gives one."""
    path = tmp_path / "net.yaml"
    path.write_text(TIED)
    out = " ".join(rfcalc("sizes", str(path), "--layer", "map").out.split())
    assert "No padding height 5, width 5: the smallest, with the other sides as given" in out


def test_axes_that_differ_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(ANISOTROPIC)
    out = rfcalc("sizes", str(path)).out
    assert "Fits, height  every size from 1:" in out
    assert "Fits, width   from 5 on those with n mod 6 in 0, 5:" in out


def test_a_fixed_head() -> None:
    axis = rfcalc("sizes", "alexnet", "-f", "json").data["axes"][0]
    assert axis["runs"]["irregular"] == list(range(227, 259))
    assert axis["fits"]["irregular"] == [227]
    assert axis["refusals"][-1]["layer"] == "fc6"
    assert "weights are made for an input of 256x6x6" in axis["refusals"][-1]["message"]


def test_limit() -> None:
    assert rfcalc("sizes", "espcn", "--limit", "100", "-f", "json").data["axes"][0]["tried"] == [1, 100]


def test_tiles_of_the_padded_unet() -> None:
    (tile,) = rfcalc("sizes", *PADDED, "--tile", "256", "-f", "json").data["tiles"]
    assert tile["layer"] == "out"
    assert tile["work"] == 16
    assert tile["fitting_tiles"][:3] == [[208, 208], [224, 224], [240, 240]]
    expected = {"halo": [94, 94], "aligned_halo": [96, 96], "grid": 16, "step": 64, "overlap": 192, "keep": [94, 161]}
    for axis in tile["axes"]:
        assert expected.items() <= axis.items()
    row = rfcalc("sizes", *PADDED, "--tile", "256").out.splitlines()[3].split()
    assert row == [
        "out",
        "256x256",
        "94",
        "96",
        "16",
        "64",
        "192",
        "16.00x",
    ]


def test_the_smallest_tile_for_an_output() -> None:
    (tile,) = rfcalc("sizes", "resnet50", "--layer", "layer4.2.relu", "--keep", "16", "-f", "json").data["tiles"]
    assert [axis["tile"] for axis in tile["axes"]] == [928, 928]
    assert tile["axes"][0]["step"] == 16 * 32
    assert rfcalc("sizes", "resnet50", "--layer", "layer4.2.relu", "--keep", "16", "--tile", "928").code == 0
    assert rfcalc("sizes", "resnet50", "--layer", "layer4.2.relu", "--keep", "16", "--tile", "896").code == 2


def test_csv() -> None:
    lines = rfcalc("sizes", *PADDED, "--tile", "256x512", "-f", "csv").out.splitlines()
    assert lines[0].split(",")[:6] == ["network", "layer", "axis", "tile", "halo_before", "halo_after"]
    assert [line.split(",")[1:5] for line in lines[1:]] == [["out", "0", "256", "94"], ["out", "1", "512", "94"]]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("resnet50", "--tile", "256"), 'gap "avgpool" reads the whole of its input (2048x7x7)'),
        (("unet", "--tile", "100"), 'a tile of 100x100 does not fit: "bottom.conv1"'),
        (
            (*PADDED, "--tile", "192"),
            "4 right outputs are less than a step of the grid; the smallest that will do is 208x208",
        ),
        (("unet", "--tile", "0"), "--tile takes a size"),
        (("unet", "--tile", "1e3"), "--tile takes a size"),
        (("unet", "--tile", "256x256x256"), "--tile has 3 numbers for an input of 2 axes"),
        (("unet", "--layer", "oot"), 'no layer matches oot hint: did you mean "out"'),
        (("unet", "--limit", "7"), "--limit"),
        (("no-such-spec",), "no-such-spec"),
    ],
)
def test_mistakes(args: tuple[str, ...], message: str) -> None:
    run = rfcalc("sizes", *args)
    assert run.code == 2
    words = run.err.replace("│", " ").split()
    assert " ".join(message.split()) in " ".join(words)


def test_a_vector_has_no_size(tmp_path: Path) -> None:
    path = tmp_path / "mlp.yaml"
    path.write_text("input: 128\nlayers:\n  - linear: 10\n")
    for options in ((), ("--tile", "8")):
        run = rfcalc("sizes", str(path), *options)
        assert run.code == 2
        assert "error E203" in run.err


def test_one_bad_spec_does_not_hide_the_others() -> None:
    run = rfcalc("sizes", "unet", "resnet18", "--layer", "out")
    assert "unet: input sizes" in run.out
    assert "resnet18: no layer matches out" in run.err
    assert run.code == 2


def test_a_field_beyond_all_images_is_looked_for_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rfcalc.analyses.sizes.MOST_TRIED", 1000)
    path = tmp_path / "net.yaml"
    path.write_text("input: 1x64x64\nlayers: [{repeat: 66, conv: {out: 1, k: 3, s: 2, p: 1}}, {conv: {out: 1, k: 3}}]\n")
    run = rfcalc("sizes", str(path), "--limit", "64")
    assert run.code == 0
    assert "at every height up to 1000 that runs" in run.out
