"""What is run: a model's own module, called with real tensors on the chosen device in the chosen type; or the rebuilt one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rfcalc.backends.torch.subject import subject
from rfcalc.errors import SpecError
from rfcalc.importers import load
from rfcalc.importers.torch.load import load_module
from tests.importers.models.counting import Counting
from tests.importers.torch_models import FOLDER, MODELS, graph_of
from tests.running import rfcalc

NET = f"{FOLDER}/counting.py:Counting"
SHAPE = ("--input", "3x8x8")
QUICK = (*SHAPE, "--device", "cpu", "--seconds", "0.02")


def calls(told: str) -> list[str]:
    """What the model told, but for the import's own calls, which have no memory."""
    lines = [line.removeprefix("called ") for line in told.splitlines() if line.startswith("called ")]
    return [line for line in lines if not line.startswith("Fake")]


@pytest.mark.parametrize(("dtype", "number"), [("fp32", "float32"), ("bf16", "bfloat16")])
def test_time_runs_the_model_itself(dtype: str, number: str) -> None:
    run = rfcalc("time", NET, *QUICK, "--warm-up", "0", "--batch", "3", "--dtype", dtype, "--format", "json")
    (row,) = run.data["runs"]
    assert (row["status"], row["runs"]) == ("ok", "own")
    assert len(calls(run.err)) > len(row["samples_ms"])
    assert set(calls(run.err)) == {f"Tensor (3, 3, 8, 8) torch.{number} cpu Parameter"}
    assert row["memory_bytes"]["weights"] == (4 * 27 + 4 + 16) * (4 if dtype == "fp32" else 2) + 8


def test_time_runs_the_rebuilt_one_if_asked() -> None:
    run = rfcalc("time", NET, *QUICK, "--warm-up", "0", "--rebuilt")
    assert not calls(run.err)
    assert "Counting: the module that is built of its layers (--rebuilt)" in run.out
    assert "Runs" not in rfcalc("time", "espcn", "--device", "cpu", "--seconds", "0.02", "--warm-up", "0").out


def test_rebuilt_is_refused_where_nothing_else_runs() -> None:
    run = rfcalc("max-batch", "espcn", "--rebuilt", "--device", "cpu")
    assert run.code == 2
    assert "--rebuilt is for torch models" in run.err


def test_max_batch_runs_the_model_without_memory() -> None:
    words = ("max-batch", NET, *SHAPE, "--device", "cpu", "--memory", "1MiB")
    run = rfcalc(*words, "--format", "json")
    assert run.data["runs"] == "own"
    assert f"called FakeTensor ({run.data['batch']}, 3, 8, 8) torch.float32 cpu FakeTensor" in run.err
    assert run.data["batch"] == run.data["predicted"] == run.data["fails"] - 1
    assert "called" not in rfcalc(*words, "--rebuilt").err


def test_lists_and_words_are_given_as_the_model_takes_them() -> None:
    words = ("--input", "images=3x8x8,guide=3x8x8", *QUICK[2:], "--warm-up", "0", "--batch", "2", "--format", "json")
    run = rfcalc("time", f"{FOLDER}/counting.py:Listed", *words)
    assert run.data["runs"][0]["status"] == "ok"
    assert "called 2 (3, 8, 8) (2, 3, 8, 8)" in run.err


def test_a_module_of_a_file_and_a_live_one_stay_as_they_are() -> None:
    live = Counting().train()
    before = {name: tensor.clone() for name, tensor in live.state_dict().items()}
    for graph in (load_module(live, "3x8x8"), load(f"{FOLDER}/counting.py:LIVE", {"input": "3x8x8"})):
        network = subject(graph)
        first, second = network.module(dtype=torch.float64), network.module()
        assert first is not second
        assert (first.conv.weight.dtype, second.conv.weight.dtype) == (torch.float64, torch.float32)
        assert not first.training
    assert live.training
    assert all(torch.equal(before[name], tensor) for name, tensor in live.state_dict().items())


def test_what_cannot_be_copied_is_an_error() -> None:
    live = Counting()
    live.register_buffer("made", live.conv.weight * 2, persistent=False)
    graph = load_module(live, "3x8x8")
    with pytest.raises(SpecError, match="Counting cannot be copied"):
        subject(graph).module()


def test_a_saved_program_runs_itself(tmp_path: Path) -> None:
    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(Counting().eval(), (torch.zeros(1, 3, 8, 8),)), path)
    run = rfcalc("time", str(path), "--device", "cpu", "--seconds", "0.02", "--warm-up", "0", "--format", "json")
    assert [(row["runs"], row["status"]) for row in run.data["runs"]] == [("own", "ok")]


@pytest.mark.parametrize("model", list(MODELS)[::9])
def test_what_is_called_gives_what_the_module_gives(model: str) -> None:
    network = subject(graph_of(model))
    assert network.own
    module = network.module(seed=3)
    assert network.call().tensors
    with torch.inference_mode():
        assert network.call()(module) is not None
