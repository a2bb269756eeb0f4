from __future__ import annotations

import pytest
import torch

from rfcalc.backends.timing import maxbatch
from rfcalc.backends.timing.cases import Case
from rfcalc.backends.timing.maxbatch import LIMIT, max_batch, predict, search
from rfcalc.backends.torch.subject import subject
from rfcalc.cli.maxbatch import size
from rfcalc.graph import Graph
from tests.nets import residual, unet
from tests.running import rfcalc

CPU = Case("cpu", 1, "fp32", "contiguous", "eager")


@pytest.mark.parametrize("graph", [residual(32, 2, (1,)), unet(64)], ids=["residual", "unet"])
@pytest.mark.parametrize("budget", [300_000, 5_000_000])
def test_the_prediction_is_verified_by_counting_tensors(graph: Graph, budget: int) -> None:
    network = subject(graph)
    found = max_batch(network, CPU, budget)
    assert found.batch == found.predicted
    assert found.fails == found.batch + 1
    module = network.module()
    if found.batch:
        assert network.bytes(module, found.batch, torch.float32) <= budget
    assert network.bytes(module, found.batch + 1, torch.float32) > budget


def test_half_the_bytes_twice_the_batch() -> None:
    network = subject(residual(32, 2))
    assert predict(network, torch.bfloat16, 10**8) == pytest.approx(2 * predict(network, torch.float32, 10**8), rel=0.01)


@pytest.mark.parametrize("largest", [0, 1, 5, 100, 777, LIMIT])
@pytest.mark.parametrize("start", [1, 90, 1000])
def test_a_wrong_start_leads_to_the_same_batch(largest: int, start: int) -> None:
    found = search(lambda batch: 10 if batch <= largest else None, 10, start, lambda batch: 1, start)
    assert found.batch == largest
    assert found.fails == (None if largest == LIMIT else largest + 1)


def test_a_coarse_gap_stops_earlier() -> None:
    found = search(lambda batch: batch, 1000, 700, lambda batch: max(1, batch // 64), 700)
    assert 984 <= found.batch <= 1000 < (found.fails or 0)
    assert len(found.tries) < 12


def test_the_command(tiny: str) -> None:
    run = rfcalc("max-batch", tiny, "--memory", "1MiB", "--device", "cpu", "--format", "json")
    assert run.code == 0
    assert run.data["batch"] == run.data["predicted"] == run.data["fails"] - 1
    assert [entry["fits"] for entry in run.data["tries"]] == [True, False]
    assert "larger ones" not in rfcalc("max-batch", tiny, "--memory", "1MiB", "--device", "cpu").out


def test_not_even_one(tiny: str) -> None:
    run = rfcalc("max-batch", tiny, "--memory", "1000", "--device", "cpu")
    assert run.code == 1
    assert "not even batch 1 fits" in run.out


def test_the_free_memory_is_the_budget_less_the_reserve(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maxbatch, "free_bytes", lambda case: 2_000_000)
    data = rfcalc("max-batch", tiny, "--reserve", "0.25", "--device", "cpu", "--format", "json").data
    assert data["budget_bytes"] == 1_500_000
    assert maxbatch.free_bytes(CPU) == 2_000_000


def test_sizes_in_bytes(tiny: str) -> None:
    assert [size(text) for text in ("1000", "8GiB", "24 GB", "1.5k", "2Mi")] == [1000, 8 * 2**30, 24 * 10**9, 1500, 2 * 2**20]
    for text in ("8X", "-1", "", "1e3", "9" * 40):
        assert rfcalc("max-batch", tiny, "--memory", text).code == 2


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_on_the_gpu() -> None:
    found = max_batch(subject(residual(64, 2)), Case("cuda", 1, "fp32", "contiguous", "eager"), 10**9)
    assert found.batch > 0
    assert found.fails is None or found.fails - found.batch <= max(1, found.batch // 64)
