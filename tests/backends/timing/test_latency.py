from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from rfcalc.backends.timing import latency as timing
from rfcalc.backends.timing.cases import Case, UnsupportedError, grid, precision, prepare
from rfcalc.backends.timing.clocks import CpuClock, CudaClock, warm_up
from rfcalc.backends.timing.environment import environment, gpu_state
from rfcalc.backends.timing.latency import Measurement, time_all
from rfcalc.backends.torch.subject import Subject, subject
from rfcalc.graph import Graph
from rfcalc.reports.timing import timing_report
from tests.nets import chain
from tests.running import rfcalc

QUICK = ("--seconds", "0.02", "--warm-up", "0.02", "--device", "cpu")
NET = chain((8, 8), ("conv", {"out": 2, "kernel": 3}), ("relu", {}), channels=3)
CPU = Case("cpu", 1, "fp32", "contiguous", "eager")

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


def times(*graphs: Graph, cases: list[Case] | None = None) -> timing.Timing:
    return time_all([subject(graph) for graph in graphs], cases or [CPU], 0.02, 0.02)


def test_json_has_the_contract_s_shape(tiny: str) -> None:
    run = rfcalc("time", tiny, "--batch", "1,2", "--dtype", "fp32,bf16", "--format", "json", *QUICK)
    assert run.code == 0
    assert set(run.data) == {"schema_version", "rfcalc_version", "runs", "comparisons", "interrupted", "environment"}
    assert [(r["batch"], r["dtype"]) for r in run.data["runs"]] == [(1, "fp32"), (1, "bf16"), (2, "fp32"), (2, "bf16")]
    for row in run.data["runs"]:
        assert {"device", "batch", "dtype", "memory_format", "mode", "latency_ms", "samples_ms", "throughput"} <= set(row)
        assert row["status"] == "ok"
        assert set(row["latency_ms"]) == {"median", "iqr", "p90", "p99"}
        assert len(row["samples_ms"]) >= timing.LEAST_BLOCKS
        assert row["throughput"] == pytest.approx(row["batch"] * 1000 / row["latency_ms"]["median"])
        assert row["memory_bytes"]["allocated"] > row["memory_bytes"]["weights"] > 0
    assert run.data["environment"]["torch"] == torch.__version__
    assert run.data["environment"]["gpu_before"] is None


def test_the_table(tiny: str) -> None:
    run = rfcalc("time", tiny, *QUICK, columns=160)
    assert "Median ms" in run.out
    assert "timed on the CPU" in run.out
    assert run.err == ""


def test_memory_is_weights_inputs_and_the_peak_of_activations() -> None:
    found = prepare(subject(NET), CPU).memory
    weights, inputs, map_ = (2 * 3 * 9 + 2) * 4, 3 * 64 * 4, 2 * 64 * 4
    assert found == {"weights": weights, "inputs": inputs, "allocated": weights + inputs + 2 * map_, "reserved": None}


def test_what_the_device_cannot_do_is_a_row_and_the_rest_goes_on() -> None:
    found = times(NET, cases=grid("cpu", [1], ["tf32", "fp32"], ["contiguous", "channels_last"], ["graph", "eager"]))
    status = {(r.case.dtype, r.case.memory_format, r.case.mode): r.status for r in found.runs}
    assert status["fp32", "contiguous", "eager"] == status["fp32", "channels_last", "eager"] == "ok"
    assert status["tf32", "contiguous", "eager"] == "unsupported: TF32 needs a CUDA device"
    assert status["fp32", "contiguous", "graph"] == "unsupported: CUDA graphs need a CUDA device"


def test_channels_last_needs_two_or_three_axes() -> None:
    line = chain((8,), ("conv", {"out": 2, "kernel": 3}))
    with pytest.raises(UnsupportedError, match="2 or 3 axes"):
        prepare(subject(line), Case("cpu", 1, "fp32", "channels_last", "eager"))


def test_out_of_memory_is_a_row_and_the_rest_goes_on(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    honest: Callable[..., Any] = timing.prepare

    def prepare_small(network: Subject, case: Case) -> Any:
        if case.batch == 8:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return honest(network, case)

    monkeypatch.setattr(timing, "prepare", prepare_small)
    run = rfcalc("time", tiny, "--batch", "1,8,2", "--format", "json", *QUICK)
    assert run.code == 0
    assert [row["status"] for row in run.data["runs"]] == ["ok", "out of memory", "ok"]
    failed = run.data["runs"][1]
    assert (failed["latency_ms"], failed["samples_ms"], failed["throughput"]) == (None, [], None)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"), "out of memory"),
        (MemoryError(), "out of memory"),
        (NotImplementedError("no kernel"), "unsupported: no kernel"),
        (RuntimeError("\"slow_conv2d_cpu\" not implemented for 'Half'"), "unsupported"),
        (RuntimeError("something else\nwith more lines"), "error: RuntimeError: something else"),
    ],
)
def test_failures_in_a_few_words(error: Exception, status: str) -> None:
    assert timing.status_of(error).startswith(status)


def test_a_failure_while_measuring_is_a_row_too(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = CpuClock.block
    calls: list[int] = []

    def failing(self: CpuClock, step: Any, count: int) -> list[float]:
        calls.append(count)
        if len(calls) == 4:
            raise RuntimeError("device lost")
        return blocks(self, step, count)

    monkeypatch.setattr(CpuClock, "block", failing)
    assert times(NET).runs[0].status == "error: RuntimeError: device lost"


def test_ctrl_c_prints_what_is_done(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    honest: Callable[..., Any] = timing.prepare

    def interrupted(network: Subject, case: Case) -> Any:
        if case.batch == 2:
            raise KeyboardInterrupt
        return honest(network, case)

    monkeypatch.setattr(timing, "prepare", interrupted)
    run = rfcalc("time", tiny, "--batch", "1,2,3", "--format", "json", *QUICK)
    assert run.code == 130
    assert run.data["interrupted"]
    assert [(row["batch"], row["status"]) for row in run.data["runs"]] == [(1, "ok"), (2, "interrupted")]


def test_two_networks_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    honest: Callable[..., Any] = timing._block

    def noted(run: Measurement, clock: Any) -> None:
        order.append(run.network)
        honest(run, clock)

    monkeypatch.setattr(timing, "_block", noted)
    found = times(NET, NET)
    assert order[:6] == ["net (1)", "net (2)"] * 3
    assert len(found.runs[0].blocks) == len(found.runs[1].blocks)


def test_a_network_against_itself_and_against_a_larger_one(tiny: str) -> None:
    large = chain((64, 64), *[("conv", {"out": 32, "kernel": 5})] * 4, channels=3)
    found = time_all([subject(NET), subject(large)], [CPU], 0.1, 0.1)
    ((first, second, comparison),) = found.comparisons()
    assert (first.network, second.network) == ("net (1)", "net (2)")
    assert not comparison.ambiguous
    assert comparison.ratio > 2
    notes = timing_report(found, environment("cpu")).notes
    assert any(name == "Compared" and "times as long" in text for name, text in notes)


def test_a_row_that_failed_is_not_compared() -> None:
    found = timing.Timing([Measurement("a", CPU, [1.0], [1.0], status="out of memory"), Measurement("b", CPU, [1.0], [1.0])])
    assert list(found.comparisons()) == []


def test_warm_up_goes_on_until_times_settle() -> None:
    fading = iter([64.0, 32.0, 16.0, 8.0, 4.0, 4.0, 4.0])

    class Clock(CpuClock):
        def block(self, step: Any, count: int) -> list[float]:
            return [next(fading)] * count

    assert warm_up(Clock(), lambda: None, 60.0).converged
    assert list(fading) == []


def test_warm_up_ends_in_time() -> None:
    restless = iter(range(1, 10**9))

    class Clock(CpuClock):
        def block(self, step: Any, count: int) -> list[float]:
            return [float(next(restless) % 2 + 1)] * count

    assert not warm_up(Clock(), lambda: None, 0.01).converged


def test_settings_are_put_back() -> None:
    before = (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark)
    with precision(Case("cuda", 1, "tf32", "contiguous", "eager")):
        assert torch.backends.cudnn.allow_tf32
        assert torch.backends.cudnn.benchmark
    assert (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark) == before


@pytest.mark.parametrize(
    "options",
    [
        ("--batch", "0"),
        ("--batch", "1,x"),
        ("--dtype", "fp31"),
        ("--mode", "lazy"),
        ("--memory-format", "x"),
        ("--device", "tpu"),
    ],
)
def test_bad_options(tiny: str, options: tuple[str, str]) -> None:
    run = rfcalc("time", tiny, *options)
    assert (run.code, run.out) == (2, "")
    assert "Traceback" not in run.err


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_no_gpu(tiny: str) -> None:
    run = rfcalc("time", tiny, "--device", "cuda")
    assert run.code == 2
    assert run.err.startswith("error E701: no CUDA device")
    assert gpu_state("cpu") is None


@pytest.mark.gpu
@gpu
def test_modes_on_the_gpu() -> None:
    cases = grid("cuda", [1, 4], ["fp32", "bf16"], ["contiguous", "channels_last"], ["eager", "graph"])
    found = time_all([subject(NET)], cases, 0.1, 0.5)
    assert {run.status for run in found.runs} == {"ok"}
    assert all(run.prepared and run.prepared.memory["reserved"] for run in found.runs)
    assert gpu_state("cuda")


@pytest.mark.gpu
@gpu
def test_events_agree_with_the_wall_clock() -> None:
    a = torch.rand(4096, 4096, device="cuda")

    def step() -> None:
        torch.matmul(a, a)

    cuda, cpu = CudaClock("cuda"), CpuClock()
    warm_up(cuda, step, 1.0)
    events = sum(cuda.block(step, 50))
    wall = sum(cpu.block(lambda: (step(), torch.cuda.synchronize()), 50))
    assert events == pytest.approx(wall, rel=0.2)


@pytest.mark.gpu
@gpu
def test_out_of_memory_on_the_gpu_is_a_row() -> None:
    big = chain((4096, 4096), ("conv", {"out": 512, "kernel": 3}), channels=64)
    found = time_all([subject(big)], grid("cuda", [4096, 1], ["fp32"], ["contiguous"], ["eager"]), 0.05, 0.05)
    assert found.runs[0].status == "out of memory"
