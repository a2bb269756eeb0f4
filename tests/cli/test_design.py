"""`rfcalc design` as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.analyses.network import analyze
from rfcalc.importers import load
from tests.running import rfcalc


def test_the_table_names_a_recommended_design_and_why() -> None:
    result = rfcalc("design", "--target", "224")
    assert result.code == 0
    assert "Recommended (*)" in result.out
    assert "covers the target" in result.out
    assert "GMACs" in result.out
    assert "GFLOPs" in result.out
    assert "3x512x512" in result.out


def test_the_written_spec_analyses_to_the_promised_figures(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    words = ["--target", "100", "--input", "256x192", "--stride", "16", "--blocks", "basic,plain", "--kernels", "3"]
    result = rfcalc("design", *words, "--format", "json", "-o", str(file))
    assert result.code == 0
    promised = result.data["front"][result.data["recommended"]["number"] - 1]
    found = analyze(load(str(file)))
    assert found.layers[-1].field.size == (promised["receptive_field"],) * 2
    assert (found.macs, found.params) == (promised["macs"], promised["params"])
    assert promised["flops"] == 2 * promised["macs"]
    assert found.input.size == (256, 192)
    assert [float(x) for x in found.layers[-1].field.stride or ()] == [16, 16]


def test_pick_another_design_to_standard_output() -> None:
    first = rfcalc("design", "--target", "224", "-o", "-", "--pick", "1")
    other = rfcalc("design", "--target", "224", "-o", "-", "--pick", "2")
    assert first.code == other.code == 0
    assert first.out.startswith("# Receptive field")
    assert "# Found by: rfcalc design --target 224 -o - --pick 1\n" in first.out
    assert first.out.splitlines()[0] != other.out.splitlines()[0]
    assert rfcalc("design", "--target", "224", "-o", "-", "--pick", "9999").code == 2


@pytest.mark.parametrize("name", ["csv", "markdown", "json"])
def test_formats(name: str) -> None:
    result = rfcalc("design", "--target", "90", "--stride", "8", "--effective", "--format", name)
    assert result.code == 0
    assert {"csv": "effective_field", "markdown": "| RF |", "json": '"aim": "effective_field"'}[name] in result.out.replace(
        "---:", "RF"
    )


def test_limits_are_kept() -> None:
    words = ["--target", "224", "--max-macs", "3G", "--max-params", "2.5M", "--max-depth", "8", "--format", "json"]
    front = rfcalc("design", *words).data["front"]
    assert front
    assert all(d["macs"] <= 3e9 and d["params"] <= 2.5e6 and d["depth"] <= 8 for d in front)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--target"),
        (["--target", "0"], "from 1 to"),
        (["--target", "x"], "--target"),
        (["--target", "224", "--kernels", "3,a"], "--kernels"),
        (["--target", "224", "--kernels", "4"], "odd"),
        (["--target", "224", "--blocks", "dense"], "blocks are"),
        (["--target", "224", "--layers", "8-2"], "least"),
        (["--target", "224", "--layers", "a"], "--layers"),
        (["--target", "224", "--stages", "3"], "needs 4 stages"),
        (["--target", "224", "--stages", "1000000"], "--stages"),
        (["--target", "224", "--input", "big"], "--input"),
        (["--target", "224", "--input", "0"], "from 1 to"),
        (["--target", "224", "--max-macs", "lots"], "--max-macs"),
        (["--target", "224", "--max-macs", ">= 4G"], "--max-macs"),
        (["--target", "224", "--max-macs", "1k"], "within the limits"),
        (["--target", "224", "--max-params", "1e999"], "--max-params"),
        (["--target", "20"], "smallest sees 63"),
        (["--target", "16000", "--layers", "1-1"], "more --layers"),
        (["--target", "224", "--tolerance", "many"], "--tolerance"),
        (["--target", "224", "--format", "xml"], "--format"),
        (["--target", "224", "-o", "/nowhere/at/all.yaml"], "cannot write"),
        (["--target", "p90"], "--dataset"),
        (["--dataset", "nothing.csv"], "cannot read"),
        (["--target", "224", "--resize", "crop"], "--resize takes one of"),
        (["--target", "224", "--resize", "stretch"], "images of a --dataset"),
        (["--target", "224", "--pick", "1"], "--pick is for --output"),
        (["--target", "224", "-s", "a=1"], "-s"),
        (["net.yaml", "--target", "224"], "net.yaml"),
    ],
)
def test_mistakes_end_with_exit_code_2(words: list[str], message: str) -> None:
    result = rfcalc("design", *words)
    assert result.code == 2
    assert message in " ".join(result.err.replace("│", " ").split())
    assert "Traceback" not in result.err


def test_a_data_set_proposes_the_target(tmp_path: Path) -> None:
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("w,h\n" + "".join(f"{n},3\n" for n in range(50, 151)))
    result = rfcalc("design", "--dataset", str(boxes))
    assert result.code == 0
    assert "median 100, p90 140" in result.out
    assert "for structures of 140 pixels" in result.out
    assert "█" in result.out
    data = rfcalc("design", "--dataset", str(boxes), "-t", "median", "--format", "json").data
    assert data["target"] == 100
    assert data["dataset"]["p90"] == 140


def test_every_option_and_the_check_of_what_it_wrote(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    words = ["--target", "224", "--input", "512", "--stride", "16", "--max-macs", "4G", "--max-params", "10M"]
    words += ["--stages", "4", "--kernels", "3,5,7", "--dilations", "1,2,4", "--no-holes", "--effective", "-o", str(file)]
    assert rfcalc("design", *words).code == 0
    found = analyze(load(str(file)))
    assert found.macs <= 4 * 10**9
    assert found.params <= 10**7
    assert found.layers[-1].field.coverage == 1.0
    assert rfcalc("check", str(file)).code == 0
    assert rfcalc("check", str(file), "--input", "3x512x512", "-s", "stage4.out=4096").code == 1


def test_nothing_is_cut_off_at_80_columns() -> None:
    out = rfcalc("design", "--target", "224", columns=80).out
    assert "\u2026" not in out
    assert max(map(len, out.splitlines())) <= 80
