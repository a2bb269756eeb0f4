from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from rfcalc.analyses.memory import bytes_moved
from rfcalc.backends.timing import ceilings, profile
from rfcalc.backends.timing.cases import Case, UnsupportedError
from rfcalc.backends.timing.ceilings import Ceilings, measure_ceilings
from rfcalc.backends.timing.clocks import CpuClock
from rfcalc.backends.timing.segments import Segmented
from rfcalc.backends.torch.subject import subject
from rfcalc.importers import load
from tests.importers.torch_models import FOLDER
from tests.nets import chain
from tests.running import rfcalc

CPU = Case("cpu", 2, "fp32", "contiguous", "eager")
QUICK = ("--device", "cpu", "--seconds", "0.05")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ceilings of a small copy and a small product: quick, and good enough for tests of the arithmetic."""
    monkeypatch.setattr(ceilings, "COPY_BYTES", {True: 1 << 20, False: 1 << 20})
    monkeypatch.setattr(ceilings, "MATRICES", {True: (64,), False: (64,)})
    monkeypatch.setattr(ceilings, "CONVOLUTIONS", {True: (1, 8, 8), False: (1, 8, 8)})
    monkeypatch.setattr(ceilings, "WARM_SECONDS", 0.01)


def test_floors() -> None:
    found = Ceilings(bandwidth=1e9, rate=1e12, launch=1e-6)
    assert found.floor(1_000_000, 0) == (1e-3, "memory")
    assert found.floor(1000, 2 * 10**9) == (2e-3, "compute")
    assert found.floor(8, 2) == (1e-6, "launch")
    assert found.floor(0, 0) == (0.0, "view")


def test_ceilings_are_positive_and_restore_nothing() -> None:
    found = measure_ceilings(CPU, CpuClock())
    assert found.bandwidth > 1e6
    assert found.rate > 1e6
    assert 0 < found.launch < 1


def test_each_layer_of_the_spec_has_its_time_bytes_and_flops(tiny: str) -> None:
    graph = load(tiny)
    found = profile.profile(subject(graph), CPU, 0.05)
    assert [layer.node for layer in found.layers] == list(graph.layers)
    for layer in found.layers:
        once, weights = bytes_moved(layer.node), 4 * layer.node.cost.params
        assert layer.moved == (2 * (once - weights) + weights if once else 0)
        assert layer.flops == 4 * layer.node.cost.macs
        assert layer.seconds > 0
        assert layer.ratio == (pytest.approx(layer.seconds / layer.floor) if layer.moved else None)
    assert found.busy == pytest.approx(sum(layer.seconds for layer in found.layers))
    assert found.passes >= profile.LEAST_PASSES
    assert sum(found.share(bound) for bound in (*profile.HOLDS, "view")) == pytest.approx(1)


def test_the_verdict_follows_the_time(tiny: str) -> None:
    graph = load(tiny)
    layers = [
        profile.LayerTime((node,), seconds, 8, 8, seconds / 2, bound)
        for node, seconds, bound in zip(graph.layers, (1.0, 2.0, 4.0), ("launch", "compute", "memory"), strict=False)
    ]
    limits = Ceilings(1, 1, 1)
    found = profile.Profile(subject(graph), CPU, limits, tuple(layers), 7.0, 10)
    assert found.verdict == "memory-bound"
    assert found.share("compute") == pytest.approx(2 / 7)
    idle = profile.Profile(subject(graph), Case("cuda", 1, "fp32", "contiguous", "eager"), limits, tuple(layers), 14.0, 10)
    assert idle.verdict == "launch-bound"


def test_no_verdict_without_an_explanation(tiny: str) -> None:
    """A pass that takes another time than its layers; layers that take far more than any ceiling allows."""
    graph, limits = load(tiny), Ceilings(1, 1, 1)
    layers = tuple(profile.LayerTime((node,), 1.0, 8, 8, 0.5, "compute") for node in graph.layers[:3])
    for case, latency in ((CPU, 3.8), (CPU, 2.3), (Case("cuda", 1, "fp32", "contiguous", "eager"), 2.3)):
        found = profile.Profile(subject(graph), case, limits, layers, latency, 10)
        assert (found.agrees, found.verdict) == (False, "undecided")
    slow = tuple(profile.LayerTime((node,), 1.0, 8, 8, 0.33, "compute") for node in graph.layers[:2])
    found = profile.Profile(subject(graph), CPU, limits, (*slow, layers[0]), 3.0, 10)
    assert found.verdict == "neither"
    assert found.share("neither") == pytest.approx(2 / 3)
    assert found.share("compute") == pytest.approx(1 / 3)


def test_a_layer_that_is_much_larger_takes_most_of_the_time() -> None:
    graph = chain((64, 64), ("relu", {}), ("conv", {"out": 64, "kernel": 7}), ("relu", {}), channels=32)
    found = profile.profile(subject(graph), CPU, 0.1)
    assert max(found.layers, key=lambda layer: layer.seconds).node.name == "conv2"


def test_the_table_and_json(tiny: str) -> None:
    run = rfcalc("profile", tiny, "--top", "3", *QUICK, columns=140)
    assert run.code == 0
    assert "the 3 slowest of" in run.out
    assert "Verdict" in run.out
    data = rfcalc("profile", tiny, "--format", "json", *QUICK).data
    assert len(data["layers"]) == len(load(tiny).layers)
    assert {"name", "ms", "floor_ms", "ratio", "bytes", "flops", "intensity", "bound"} <= set(data["layers"][0])
    assert data["ceilings"]["bytes_per_second"] > 0


def test_the_roofline_is_a_picture(tiny: str, tmp_path: Path) -> None:
    path = tmp_path / "roof.png"
    assert rfcalc("profile", tiny, "--png", str(path), *QUICK).code == 0
    assert min(Image.open(path).size) > 300
    run = rfcalc("profile", tiny, "--png", str(tmp_path / "no" / "such.png"), *QUICK)
    assert (run.code, run.out) == (2, "")
    assert "cannot write" in run.err


def test_without_matplotlib(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    run = rfcalc("profile", tiny, "--png", "x.png", *QUICK)
    assert run.code == 2
    assert "pip install matplotlib" in run.err


def test_what_the_device_cannot_do_is_an_error(tiny: str) -> None:
    run = rfcalc("profile", tiny, "--dtype", "tf32", *QUICK)
    assert run.code == 2
    assert "TF32 needs a CUDA device" in run.err


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_layers_on_the_gpu() -> None:
    graph = load("resnet18")
    found = profile.profile(subject(graph), Case("cuda", 8, "fp32", "contiguous", "eager"), 0.5)
    assert 0 < found.busy <= 1.5 * found.latency


def test_the_model_itself_runs_and_what_its_code_does_between_modules_has_one_time() -> None:
    words = ("profile", f"{FOLDER}/planted.py:Planted", "--input", "3x16x16", *QUICK)
    run = rfcalc(*words, "--format", "json")
    assert run.data["runs"] == "own"
    names = {entry["name"]: entry for entry in run.data["layers"]}
    assert list(names)[:6] == ["stem", "relu", "pool", "row", "far", "norm"]
    assert names["silu, add, take, take_2, left.pad, left"]["ms"] > 0
    graph = load(words[1], {"input": "3x16x16"})
    assert [name for entry in run.data["layers"] for name in entry["layers"]] == [node.name for node in graph.layers]
    assert all(entry["ms"] > 0 for entry in run.data["layers"])
    assert "layers between two modules of the model have one time" in " ".join(rfcalc(*words, columns=200).out.split())
    built = rfcalc(*words, "--rebuilt", "--format", "json")
    assert built.data["runs"] == "built"
    assert all(len(entry["layers"]) == 1 for entry in built.data["layers"])


def test_a_model_that_calls_its_modules_otherwise_is_told() -> None:
    network = subject(load(f"{FOLDER}/planted.py:Planted", {"input": "3x16x16"}))
    measured = Segmented(network, "cpu", torch.float32)
    measured.paths.reverse()
    with measured.stamped(lambda: None), torch.inference_mode():
        network.call()(measured.module)
        with pytest.raises(UnsupportedError, match="--rebuilt"):
            measured.ended()


def test_the_model_is_called_in_the_case_s_type() -> None:
    words = ("profile", f"{FOLDER}/counting.py:Counting", "--input", "3x8x8", *QUICK, "--dtype", "bf16", "--batch", "3")
    told = [line for line in rfcalc(*words).err.splitlines() if line.startswith("called Tensor")]
    assert len(told) > 10
    assert set(told) == {"called Tensor (3, 3, 8, 8) torch.bfloat16 cpu Parameter"}
