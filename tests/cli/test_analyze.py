"""`rfcalc analyze` as a user types it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.run import Result

Run = Callable[..., Result]

SPEC = (
    "# A small one\ninput: 3x32x32\nlayers:\n  - {name: a, conv: {out: 8, k: 3, s: 2}}\n  - {name: b, conv: {out: 8, k: 3}}\n"
)


@pytest.fixture
def spec(tmp_path: Path) -> str:
    path = tmp_path / "net.yaml"
    path.write_text(SPEC)
    return str(path)


def test_a_shipped_network_is_found_from_any_folder(rfcalc: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("resnet50.yaml", "resnet50"):
        result = rfcalc("analyze", name)
        assert result.code == 0
        assert "4.09 GMACs (8.18 GFLOPs) at 3x224x224" in result.out
        assert "receptive field 427x427, stride 32, unit 0 starts at -213, centre 0" in result.out


def test_json_follows_the_contract(rfcalc: Run) -> None:
    data = json.loads(rfcalc("analyze", "resnet50.yaml", "--format", "json").out)
    assert data["schema_version"] == 1
    assert data["name"] == "resnet50"
    assert data["input"] == {"channels": 3, "size": [224, 224]}
    assert data["outputs"] == ["fc"]
    totals = data["totals"]
    assert (totals["params"], totals["macs"], totals["flops"]) == (25_557_032, 4_089_184_256, 8_178_368_512)
    assert totals["layers"] == len(data["layers"])
    for key in ("params", "macs", "flops"):
        assert sum(layer[key] for layer in data["layers"]) == totals[key]
    by_name = {layer["name"]: layer for layer in data["layers"]}
    pool = by_name["maxpool"]["receptive_field"]
    assert pool["size"] == pool["size_min"] == [11, 11]
    assert (pool["stride"], pool["start"], pool["coverage"], pool["whole_input"]) == ([4, 4], [-5, -5], 1.0, False)
    assert pool["center"]["unit"] == [28, 28]
    assert pool["center"]["box"] == [[107, 117], [107, 117]]
    assert by_name["layer1.0.conv1"]["inputs"] == ["maxpool"]
    fc = by_name["fc"]["receptive_field"]
    assert fc["size"] is None
    assert fc["whole_input"] is True


def test_several_specs_are_a_list(rfcalc: Run, spec: str) -> None:
    data = json.loads(rfcalc("analyze", spec, "espcn.yaml", "--format", "json").out)
    assert [entry["name"] for entry in data] == ["net", "espcn"]


def test_at_traces_units_of_the_layers_that_have_them(rfcalc: Run) -> None:
    data = json.loads(rfcalc("analyze", "unet.yaml", "--at", "158,158", "-l", "up2.conv2", "-l", "bottom*", "-f", "json").out)
    layers = {layer["name"]: layer for layer in data["layers"]}
    unit = layers["up2.conv2"]["units"][0]
    assert unit["unclipped"] == unit["clipped"] == [[304, 507], [304, 507]]
    assert unit["pixels"] == 204 * 204
    assert all("units" not in layer for name, layer in layers.items() if name.startswith("bottom"))


def test_folding_hides_no_cost(rfcalc: Run) -> None:
    for words in ((), ("--full",)):
        out = rfcalc("analyze", "resnet34.yaml", "-f", "markdown", *words).out
        assert ("layer3.0.conv1" in out.replace("\\", "")) is True
        assert ("layer2.2.conv1" in out.replace("\\", "")) is bool(words)


def test_csv_has_every_layer_and_adds_up(rfcalc: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(rfcalc("analyze", "vgg16.yaml", "--format", "csv").out)))
    assert sum(int(row["params"]) for row in rows) == 138_357_544
    assert sum(int(row["macs"]) for row in rows) == 15_470_264_320


@pytest.mark.parametrize("width", ["80", "100", "160"])
def test_tables_fit_the_screen(rfcalc: Run, monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    monkeypatch.setenv("COLUMNS", width)
    for words in (("resnet50.yaml",), ("unet.yaml", "--at", "1,1"), ("ssd300.yaml",)):
        out = rfcalc("analyze", *words).out
        assert max(len(line) for line in out.split("\n")) <= int(width)
        assert "\x1b" not in out


def test_overrides(rfcalc: Run) -> None:
    data = json.loads(rfcalc("analyze", "resnet50.yaml", "-s", "depth=152", "--input", "3x640x320", "-f", "json").out)
    assert data["totals"]["params"] == 60_192_808
    assert data["input"]["size"] == [640, 320]


def test_standard_input(rfcalc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Input:
        buffer = io.BytesIO(SPEC.encode())

    monkeypatch.setattr("sys.stdin", Input)
    result = rfcalc("analyze", "-")
    assert result.code == 0
    assert "3x32x32" in result.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("analyze", "resnet5.yaml"), "resnet50"),
        (("analyze", "resnet50.yaml", "-s", "dept=101"), 'did you mean "depth"'),
        (("analyze", "resnet50.yaml", "-s", "depth"), "key=value"),
        (("analyze", "resnet50.yaml", "--format", "jsn"), "json"),
        (("analyze", "resnet50.yaml", "--at", "a,b"), "one number per axis"),
        (("analyze", "resnet50.yaml", "--input", "3x0x5"), "error"),
        (("analyze", "resnet50.yaml", "--layer", "layr1*"), "no layer matches"),
        (("analyze", "resnet50.yaml", "--convention", "fvcor"), "fvcore"),
        (("analyse", "resnet50.yaml"), "analyze"),
        (("analyze",), "SPEC"),
        (("analyze", "rfcalc/cli"), "there is no spec in rfcalc/cli"),
    ],
)
def test_bad_usage_ends_with_2_and_says_what_to_do(rfcalc: Run, words: tuple[str, ...], says: str) -> None:
    result = rfcalc(*words)
    assert result.code == 2
    assert says in " ".join((result.out + result.err).split())


def test_one_bad_spec_does_not_lose_the_others(rfcalc: Run, spec: str) -> None:
    result = rfcalc("analyze", "nothing.yaml", spec)
    assert result.code == 2
    assert "net at 3x32x32" in result.out
    assert "nothing.yaml" in result.err


def test_other_commands(rfcalc: Run, spec: str, tmp_path: Path) -> None:
    assert rfcalc("--version").out.startswith("rfcalc ")
    listed = rfcalc("configs").out
    assert "resnet50 " in listed
    shown = rfcalc("show", "resnet50.yaml", "-s", "depth=101")
    (tmp_path / "shown.yaml").write_text(shown.out)
    again = json.loads(rfcalc("analyze", str(tmp_path / "shown.yaml"), "-f", "json").out)
    assert again["totals"]["macs"] == json.loads(rfcalc("analyze", "resnet101.yaml", "-f", "json").out)["totals"]["macs"]
    assert json.loads(rfcalc("schema").out)["$schema"]


def test_every_command_helps(rfcalc: Run) -> None:
    from rfcalc.cli.commands import COMMANDS

    assert all(name in rfcalc("--help").out for name in COMMANDS)
    for name in COMMANDS:
        result = rfcalc(name, "--help")
        assert result.code == 0
        assert "Usage" in result.out


def test_explain_cost_adds_up(rfcalc: Run) -> None:
    data = json.loads(rfcalc("explain-cost", "resnet50.yaml", "-f", "json").out)
    assert data["totals"]["fvcore"] == 4_111_512_576
    for name, total in data["totals"].items():
        assert sum(term["amounts"][name] for term in data["terms"]) == total
    shown = json.loads(rfcalc("analyze", "resnet50.yaml", "--convention", "fvcore", "-f", "json").out)
    assert shown["convention"] == {"name": "fvcore", "total": 4_111_512_576}
    assert sum(layer["cost"] for layer in shown["layers"]) == 4_111_512_576


def test_fields_that_depend_on_the_size_say_so(rfcalc: Run) -> None:
    words = ["--layer", "conv5_4", "--layer", "conv5.2.conv3", "--format", "json"]
    found = json.loads(rfcalc("analyze", "pspnet101", *words).out)
    depend = {layer["name"]: layer["receptive_field"].get("depends_on_input_size") for layer in found["layers"]}
    assert (depend["conv5.2.conv3"], depend["conv5_4"]) == (None, True)
    out = " ".join(rfcalc("analyze", "pspnet101").out.split())
    assert "1495-1503 and all" in out
    assert "Of this size pyramid.pool6.level.pool and 21 more: another size" in out


def test_pixels_that_strides_step_over_are_not_called_seen(rfcalc: Run, tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text("input: 3x16x16\nlayers: [conv: {out: 4, k: 1, s: 2}, gap, linear: 3]\n")
    assert "sees the whole input but for 192 pixels that are never read" in " ".join(rfcalc("analyze", str(spec)).out.split())
    data = json.loads(rfcalc("analyze", str(spec), "--format", "json").out)
    assert data["layers"][-1]["receptive_field"]["pixels_never_read"] == 192
