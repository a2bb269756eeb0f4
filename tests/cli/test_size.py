"""`rfcalc size` as it is typed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from rfcalc.analyses.network import analyze
from rfcalc.cli import main
from rfcalc.importers import load
from tests.running import rfcalc


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    monkeypatch.setattr(sys, "argv", ["rfcalc", *words])
    code = 0
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    out = capsys.readouterr()
    return code, out.out, out.err


def test_the_table_names_a_recommended_design_and_why(capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run(capsys, monkeypatch, "size", "--target", "224")
    assert code == 0
    assert "Recommended (*)" in out
    assert "covers the target" in out
    assert "GMACs" in out
    assert "GFLOPs" in out
    assert "3x512x512" in out


def test_the_written_spec_analyses_to_the_promised_figures(capsys, monkeypatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "net.yaml"
    words = ["size", "--target", "100", "--input", "256x192", "--stride", "16", "--blocks", "basic,plain", "--kernels", "3"]
    code, out, _ = run(capsys, monkeypatch, *words, "--format", "json", "-o", str(file))
    assert code == 0
    data = json.loads(out)
    promised = data["front"][data["recommended"]["number"] - 1]
    found = analyze(load(str(file)))
    assert found.layers[-1].field.size == (promised["receptive_field"],) * 2
    assert (found.macs, found.params) == (promised["macs"], promised["params"])
    assert promised["flops"] == 2 * promised["macs"]
    assert found.input.size == (256, 192)
    assert [float(x) for x in found.layers[-1].field.stride or ()] == [16, 16]


def test_pick_another_design_to_standard_output(capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    first = run(capsys, monkeypatch, "size", "--target", "224", "-o", "-", "--pick", "1")
    other = run(capsys, monkeypatch, "size", "--target", "224", "-o", "-", "--pick", "2")
    assert first[0] == other[0] == 0
    assert first[1].startswith("# Receptive field")
    assert first[1] != other[1]
    assert run(capsys, monkeypatch, "size", "--target", "224", "--pick", "9999")[0] == 2


@pytest.mark.parametrize("name", ["csv", "markdown", "json"])
def test_formats(capsys, monkeypatch, name: str) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run(capsys, monkeypatch, "size", "--target", "90", "--stride", "8", "--effective", "--format", name)
    assert code == 0
    assert {"csv": "effective_field", "markdown": "| RF |", "json": '"aim": "effective_field"'}[name] in out.replace(
        "---:", "RF"
    )


def test_limits_are_kept(capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    words = ["size", "--target", "224", "--max-macs", "3G", "--max-params", "2.5M", "--max-depth", "8", "--format", "json"]
    front = json.loads(run(capsys, monkeypatch, *words)[1])["front"]
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
        (["--target", "20"], "smallest sees 63"),
        (["--target", "16000", "--layers", "1-1"], "more --layers"),
        (["--target", "224", "--tolerance", "many"], "--tolerance"),
        (["--target", "224", "--format", "xml"], "--format"),
        (["--target", "224", "-o", "/nowhere/at/all.yaml"], "cannot write"),
    ],
)
def test_mistakes_end_with_exit_code_2(capsys, monkeypatch, words: list[str], message: str) -> None:  # type: ignore[no-untyped-def]
    code, _, err = run(capsys, monkeypatch, "size", *words)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_changes_of_a_given_design(capsys, monkeypatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "mine.yaml"
    code, out, _ = run(capsys, monkeypatch, "size", "resnet50.yaml", "--target", "600", "-o", str(file))
    assert code == 0
    assert "--- resnet50.yaml" in out
    assert "@@" in out
    data = json.loads(run(capsys, monkeypatch, "size", "resnet50", "--target", "600", "--format", "json")[1])
    change = data["changes"][data["recommended"]["number"] - 1]
    found = analyze(load(str(file)))
    assert next(x for x in found.layers if x.name == change["layer"]).field.size == (change["receptive_field"],) * 2
    assert (found.macs, found.params) == (change["macs"], change["params"])


def test_object_size_is_the_target_of_a_spec(capsys, monkeypatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "net.yaml"
    file.write_text("input: 1x99x99\nobject_size: 41\nlayers:\n  - {name: a, conv: {out: 4, k: 3, s: 2}, repeat: 3}\n")
    data = json.loads(run(capsys, monkeypatch, "size", str(file), "--format", "json")[1])
    assert data["target"] == 41
    assert run(capsys, monkeypatch, "size", str(file), "--target", "15")[1].count("Nothing to do") == 1
    file.write_text(file.read_text().replace("41", "big"))
    code, _, err = run(capsys, monkeypatch, "size", str(file))
    assert code == 2
    assert "object_size" in err


def test_a_data_set_proposes_the_target(capsys, monkeypatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("w,h\n" + "".join(f"{n},3\n" for n in range(50, 151)))
    code, out, _ = run(capsys, monkeypatch, "size", "--dataset", str(boxes))
    assert code == 0
    assert "median 100, p90 140" in out
    assert "for structures of 140 pixels" in out
    assert "█" in out
    data = json.loads(run(capsys, monkeypatch, "size", "--dataset", str(boxes), "-t", "median", "--format", "json")[1])
    assert data["target"] == 100
    assert data["dataset"]["p90"] == 140
    out = run(capsys, monkeypatch, "size", "resnet50", "--dataset", str(boxes), "-t", "p99")[1]
    assert "149 are wanted" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["resnet50.yaml"], "--target"),
        (["resnet50.yaml", "--target", "300", "--stride", "16"], "--stride is for new designs"),
        (["resnet50.yaml", "--target", "300", "--layer", "nothing"], "no layer matches"),
        (["resnet50.yaml", "--target", "300", "--pick", "900"], "--pick"),
        (["resnet101.yaml", "--target", "600"], "resnet50.yaml, which can be sized with -s"),
        (["nothing.yaml", "--target", "300"], "no file nothing.yaml"),
        (["--target", "p90"], "--dataset"),
        (["--dataset", "nothing.csv"], "cannot read"),
        (["--target", "224", "--resize", "crop"], "--resize"),
        (["--target", "224", "-s", "a=1"], "given SPEC"),
    ],
)
def test_mistakes_with_a_design_or_a_data_set(capsys, monkeypatch, words: list[str], message: str) -> None:  # type: ignore[no-untyped-def]
    code, _, err = run(capsys, monkeypatch, "size", *words)
    assert code == 2
    assert message in " ".join(err.replace("│", " ").split())
    assert "Traceback" not in err


def test_every_option_of_a_new_design_and_the_check_of_what_it_wrote(capsys, monkeypatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "net.yaml"
    words = ["size", "--target", "224", "--input", "512", "--stride", "16", "--max-macs", "4G", "--max-params", "10M"]
    words += ["--stages", "4", "--kernels", "3,5,7", "--dilations", "1,2,4", "--no-holes", "--effective", "-o", str(file)]
    assert run(capsys, monkeypatch, *words)[0] == 0
    found = analyze(load(str(file)))
    assert found.macs <= 4 * 10**9
    assert found.params <= 10**7
    assert found.layers[-1].field.coverage == 1.0
    assert run(capsys, monkeypatch, "check", str(file))[0] == 0
    assert run(capsys, monkeypatch, "check", str(file), "--input", "3x512x512", "-s", "stage4.out=4096")[0] == 1


@pytest.mark.parametrize("words", [["--target", "224"], ["resnet50", "--target", "300"], ["resnet50", "--target", "600"]])
def test_nothing_is_cut_off_at_80_columns(words: list[str]) -> None:
    out = rfcalc("size", *words, columns=80).out
    assert "\u2026" not in out
    assert max(map(len, out.split("\n--- ")[0].splitlines())) <= 80


def test_nothing_to_do_is_said_without_a_table(capsys, monkeypatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "net.yaml"
    file.write_text("input: 1x99x99\nobject_size: 6.5\nlayers:\n  - {name: a, conv: {out: 4, k: 7}}\n")
    out = run(capsys, monkeypatch, "size", str(file))[1]
    assert "a sees 7 pixels already" in out
    assert "MACs  " not in out
