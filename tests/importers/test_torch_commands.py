"""Every command takes an imported model as it takes a spec."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rfcalc.analyses.network import analyze
from rfcalc.importers import load
from tests.cli.run import Result, run
from tests.importers.torch_models import FOLDER, graph_of

NET = f"{FOLDER}/classic.py:Residual"
SHAPE = ("--input", "3x32x32")


@pytest.fixture
def rfcalc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command line."""
    return lambda *words: run(capsys, monkeypatch, *words)


def test_analyze(rfcalc: Callable[..., Result]) -> None:
    done = rfcalc("analyze", NET, *SHAPE, "--format", "json")
    totals = json.loads(done.out)["totals"]
    analysis = analyze(graph_of("classic.py:Residual"))
    assert (totals["macs"], totals["params"]) == (analysis.macs, analysis.params)
    table = rfcalc("analyze", NET, *SHAPE).out
    assert "layers.2" in table
    assert "conv 7x7/2 + bn + relu" in table


def test_diff_of_two_models(rfcalc: Callable[..., Result]) -> None:
    same = rfcalc("diff", "--trust", NET, NET, *SHAPE, "--exit-code")
    assert (same.code, same.out.strip()) == (0, "no change")
    other = rfcalc("diff", NET, f"{FOLDER}/classic.py:Classifier", *SHAPE, "--trust", "--format", "json", "--exit-code")
    assert other.code == 1
    (difference,) = json.loads(other.out)["differences"]
    assert "pool" in other.out
    assert difference["same"] is False


def test_diff_of_a_spec_and_a_model(rfcalc: Callable[..., Result]) -> None:
    """Options of programs hold for the program only."""
    done = rfcalc("diff", "--trust", "resnet18", NET, *SHAPE, "--unknown", "bound")
    assert done.code == 0
    assert "added" in done.out


def test_check_with_a_budget_and_a_finding_at_its_line(rfcalc: Callable[..., Result]) -> None:
    assert rfcalc("check", "--trust", NET, *SHAPE, "--max-params", "2k", "--select", "RF5").code == 1
    assert rfcalc("check", "--trust", NET, *SHAPE, "--max-params", "20k", "--select", "RF5").code == 0
    done = rfcalc(
        "check", f"{FOLDER}/classic.py:Classifier", *SHAPE, "--trust", "--max-macs", "stem.0.0=1k", "--format", "concise"
    )
    assert f"{FOLDER}/classic.py:" in done.out
    refused = rfcalc("check", "--trust", NET, *SHAPE, "--base", "HEAD")
    assert refused.code == 2
    assert "a revision of a Python model is compared as a file of its own" in refused.out


def test_verify_and_time(rfcalc: Callable[..., Result]) -> None:
    done = rfcalc("verify", f"{FOLDER}/classic.py:Shuffle", "--input", "3x16x16", "--units", "3")
    assert done.code == 0, done.out
    assert "claims hold" in done.out
    timed = rfcalc(
        "time", NET, *SHAPE, "--device", "cpu", "--seconds", "0.05", "--warm-up", "0", "--batch", "2", "--format", "json"
    )
    (row,) = json.loads(timed.out)["runs"]
    assert (row["batch"], row["status"]) == (2, "ok")


def test_exports_run_and_analyze_to_the_same_figures(rfcalc: Callable[..., Result], tmp_path: Path) -> None:
    assert rfcalc("export", NET, *SHAPE, "--to", "torch", "-o", str(tmp_path / "net.py")).code == 0
    again = load(f"{tmp_path / 'net.py'}:Residual", {"input": "3x32x32"})
    expected = analyze(graph_of("classic.py:Residual"))
    assert (analyze(again).macs, analyze(again).params) == (expected.macs, expected.params)
    assert rfcalc("export", NET, *SHAPE, "--to", "yaml", "-o", str(tmp_path / "net.yaml")).code == 0
    spec = analyze(load(str(tmp_path / "net.yaml")))
    assert [(layer.name, layer.field) for layer in spec.layers] == [(layer.name, layer.field) for layer in expected.layers]
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    "words", [("show",), ("sizes",), ("paths",), ("explain-cost",), ("transform", "--to", "output-stride=4")]
)
def test_other_commands(rfcalc: Callable[..., Result], words: tuple[str, ...]) -> None:
    done = rfcalc(words[0], NET, *words[1:], *SHAPE)
    assert (done.code, bool(done.out)) == (0, True), done.err


def test_resize_changes_the_spec_that_it_converts_to(rfcalc: Callable[..., Result], tmp_path: Path) -> None:
    spec, made = tmp_path / "net.yaml", tmp_path / "made.yaml"
    assert rfcalc("convert", NET, *SHAPE, "-o", str(spec)).code == 0
    wanted = rfcalc("resize", str(spec), "--target", "90", "--tolerance", "50%", "-o", "-")
    done = rfcalc("resize", NET, *SHAPE, "--target", "90", "--tolerance", "50%", "-o", str(made))
    assert (done.code, wanted.code) == (0, 0), done.err + wanted.err
    assert made.read_text() == wanted.out
    assert f"--- {NET}" in done.out


def test_help_says_that_code_runs(rfcalc: Callable[..., Result]) -> None:
    for command in ("analyze", "check", "time", "convert"):
        assert "runs its code" in " ".join(rfcalc(command, "--help").out.replace("│", " ").split())
