"""Memory of imported models: what torch itself needs and keeps, or a figure that says that it is not certain."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
import torch

from rfcalc.analyses.memory import at_inference, in_training, peak, saved
from rfcalc.graph import Graph
from rfcalc.importers import load
from tests.analyses.torch_memory import peak_bytes, saved_bytes
from tests.cli.run import Result, run
from tests.importers.torch_models import FOLDER, MODELS, graph_of, module_of, shapes_of

FILE, SHAPE = f"{FOLDER}/memory.py", ("--input", "3x9x9")
OWN = ("Features", "Local", "OutOfPlace", "Overwriting", "Auxiliary")


@pytest.fixture
def rfcalc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command line."""
    return lambda *words: run(capsys, monkeypatch, *words)


def own(name: str) -> Graph:
    return load(f"{FILE}:{name}", {"input": "3x9x9"})


def prove(graph: Graph, module: torch.nn.Module) -> None:
    """Torch needs and keeps these bytes."""
    inputs = [torch.ones(shape) for shape in shapes_of(graph).values()]
    needed, kept = at_inference(graph), in_training(graph)
    assert (needed.about, needed.bytes) == (False, peak_bytes(module.eval(), *inputs))
    ignored = (*inputs, *module.parameters(), *module.buffers())
    assert (kept.about, kept.bytes) == (False, saved_bytes(module.train(), *inputs, ignore=ignored))


@pytest.mark.parametrize("model", MODELS)
def test_the_bytes_are_those_of_the_module(model: str) -> None:
    prove(graph_of(model), module_of(model))


@pytest.mark.parametrize("name", OWN)
def test_what_only_a_run_shows(name: str) -> None:
    graph = own(name)
    prove(graph, getattr(import_module("tests.importers.models.memory"), name)())
    by_the_rules = peak(graph).bytes, saved(graph).bytes
    assert by_the_rules != (at_inference(graph).bytes, in_training(graph).bytes)


def test_a_kernel_that_torch_may_choose_is_labelled() -> None:
    graph = load(f"{FILE}:Volumes", {"input": "4x3x4x4"})
    module, image = import_module("tests.importers.models.memory").Volumes().eval(), torch.ones(1, 4, 3, 4, 4)
    assert (at_inference(graph).bytes, at_inference(graph).about) == (4 * 2 * 5 * 3 * 2, True)
    assert peak_bytes(module, image) == image.nbytes  # here; another kernel writes into memory of the output's size
    assert in_training(graph).about


def test_a_circle_of_references_is_not_collected() -> None:
    """Torch's own figure depends on when somebody collects; this one does not."""
    module = import_module("tests.importers.models.memory").Circle()
    gc.collect()
    gc.disable()
    try:
        prove(own("Circle"), module)
    finally:
        gc.enable()


def test_the_module_that_runs_at_the_peak() -> None:
    assert at_inference(own("Local")).at == "last"
    assert at_inference(own("Overwriting")).at in ("", "conv")


def test_what_could_not_be_seen_is_labelled(rfcalc: Callable[..., Result]) -> None:
    """In text, in JSON, where it breaks a budget, and in a difference."""
    net = f"{FILE}:Targets"
    text = rfcalc("analyze", net, *SHAPE).out
    assert "keeps about" in text
    assert "activations about" not in text
    assert json.loads(rfcalc("analyze", net, *SHAPE, "--format", "json").out)["totals"]["approximate"] == [
        "saved_for_backward_bytes",
        "training_memory_bytes",
    ]
    assert "memory saved for the backward pass: about" in rfcalc("check", net, *SHAPE, "--max-saved", "1", "--trust").out
    assert "approximate" not in json.loads(rfcalc("analyze", f"{FILE}:Local", *SHAPE, "--format", "json").out)["totals"]


def test_another_type_than_that_of_the_run_is_labelled(rfcalc: Callable[..., Result]) -> None:
    assert "activations about" in rfcalc("analyze", f"{FILE}:Local", *SHAPE, "--dtype", "fp16").out
    assert "activations about" not in rfcalc("analyze", "resnet18", "--dtype", "fp16").out


def test_another_size_than_that_of_the_run_is_labelled(rfcalc: Callable[..., Result]) -> None:
    growth = json.loads(rfcalc("sizes", f"{FILE}:Local", *SHAPE, "--format", "json").out)["growth"]
    assert [row["input"] for row in growth if "approximate" not in row] == [[9, 9]]
    assert len(growth) > 1
    table = rfcalc("sizes", f"{FILE}:Local", *SHAPE, "--format", "csv").out.splitlines()
    assert [line.endswith(",false") for line in table if ",9x9," in line] == [True]
    assert "approximate" not in rfcalc("sizes", "unet", "--format", "json").out


def test_a_saved_program_has_no_module_to_run(rfcalc: Callable[..., Result], tmp_path: Path) -> None:
    from tests.importers.models.memory import Local

    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(Local().eval(), (torch.ones(1, 3, 9, 9),)), path)
    assert "activations about" in rfcalc("analyze", str(path)).out
    difference = rfcalc("diff", str(path), "resnet18", "--format", "json")
    (found,) = json.loads(difference.out)["differences"]
    assert found["totals"]["memory"]["approximate"] is True
    assert "memory about" in found["summary"]
