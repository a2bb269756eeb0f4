"""`rfcalc resize SPEC` as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.analyses.network import analyze
from rfcalc.importers import load
from tests.running import rfcalc

NET = "input: 1x224x224\nlayers:\n  - {name: a, conv: {out: 4, k: 3, s: 2}, repeat: 3}\n"


def test_changes_of_a_design(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    result = rfcalc("resize", "resnet50.yaml", "--target", "600", "-o", str(file))
    assert result.code == 0
    assert "--- resnet50.yaml" in result.out
    assert "@@" in result.out
    data = rfcalc("resize", "resnet50", "--target", "600", "--format", "json").data
    change = data["changes"][data["recommended"]["number"] - 1]
    found = analyze(load(str(file)))
    assert next(x for x in found.layers if x.name == change["layer"]).field.size == (change["receptive_field"],) * 2
    assert (found.macs, found.params) == (change["macs"], change["params"])


def test_another_change_to_standard_output(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(NET)
    first, other = (rfcalc("resize", str(file), "--target", "31", "-o", "-", "--pick", n).out for n in "12")
    assert NET != first != other != NET
    assert first.startswith("input: 1x224x224\n")


def test_of_several_outputs_the_largest_objects_are_the_target(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(
        "input: 1x99x99\nobject_size: {b: {anchors: [[9, 12.5]]}, a: [3, 9]}\nlayers:\n"
        "  - {name: a, conv: {out: 4, k: 3, s: 2}}\n  - {name: b, conv: {out: 4, k: 3}}\noutputs: [a, b]\n"
    )
    result = rfcalc("resize", str(file))
    assert result.code == 0
    assert "13" in result.out.splitlines()[0] + result.out.splitlines()[-1] + result.out


def test_object_size_is_the_target(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("input: 1x99x99\nobject_size: 41\nlayers:\n  - {name: a, conv: {out: 4, k: 3, s: 2}, repeat: 3}\n")
    assert rfcalc("resize", str(file), "--format", "json").data["target"] == 41
    assert rfcalc("resize", str(file), "--target", "15").out.count("Nothing to do") == 1
    file.write_text(file.read_text().replace("41", "big"))
    result = rfcalc("resize", str(file))
    assert result.code == 2
    assert "object_size" in result.err


def test_a_data_set_proposes_the_target(tmp_path: Path) -> None:
    boxes, file = tmp_path / "boxes.csv", tmp_path / "net.yaml"
    file.write_text(NET)
    boxes.write_text("w,h\n" + "".join(f"{n},3\n" for n in range(50, 151)))
    assert rfcalc("resize", str(file), "--dataset", str(boxes), "-t", "p99", "--format", "json").data["target"] == 149
    boxes.write_text("w,h,image_width,image_height\n" + "".join(f"{n},3,224,448\n" for n in range(50, 151)))
    for how, target in (("letterbox", 70), ("stretch", 140), ("none", 140)):
        words = ["resize", str(file), "--dataset", str(boxes), "--resize", how, "--format", "json"]
        assert rfcalc(*words).data["target"] == target


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "SPEC"),
        (["resnet50.yaml"], "--target"),
        (["resnet50.yaml", "--target", "300", "--stride", "16"], "No such option: --stride"),
        (["resnet50.yaml", "--target", "300", "--layer", "nothing"], "no layer matches"),
        (["resnet50.yaml", "--target", "300", "--pick", "900", "-o", "-"], "--pick takes"),
        (["resnet50.yaml", "--target", "300", "--pick", "1"], "--pick is for --output"),
        (["resnet50.yaml", "--target", "300", "--resize", "none"], "images of a --dataset"),
        (["resnet50.yaml", "--target", "0"], "--target takes 1 to"),
        (["resnet101.yaml", "--target", "600"], "resnet50.yaml, which can be sized with -s"),
        (["nothing.yaml", "--target", "300"], "no file nothing.yaml"),
        (["net.onnx", "--target", "300"], "net.onnx"),
        (["resnet50.yaml", "--target", "300", "--arg", "depth=50"], "--arg is for programs"),
        (["resnet50.yaml", "--target", "300", "--max-layers", "5"], "more than 5 layers"),
    ],
)
def test_mistakes_end_with_exit_code_2(words: list[str], message: str) -> None:
    result = rfcalc("resize", *words)
    assert result.code == 2
    assert message in " ".join(result.err.replace("│", " ").split())
    assert "Traceback" not in result.err


@pytest.mark.parametrize("target", ["300", "600"])
def test_nothing_is_cut_off_at_80_columns(target: str) -> None:
    out = rfcalc("resize", "resnet50", "--target", target, columns=80).out
    assert "\u2026" not in out
    assert max(map(len, out.split("\n--- ")[0].splitlines())) <= 80


def test_nothing_to_do_is_said_without_a_table(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("input: 1x99x99\nobject_size: 6.5\nlayers:\n  - {name: a, conv: {out: 4, k: 7}}\n")
    out = rfcalc("resize", str(file)).out
    assert "a sees 7 pixels already" in out
    assert "MACs  " not in out
