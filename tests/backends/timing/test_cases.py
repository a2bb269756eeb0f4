"""The whole path of a GPU, on two that are none: every event, graph and question is the chosen device's own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
import torch

from rfcalc.backends.timing import ceilings, maxbatch, profile
from rfcalc.backends.timing.cases import Case, conditions, grid, prepare
from rfcalc.backends.timing.latency import time_all
from rfcalc.backends.torch.subject import subject
from tests.backends.timing.fake_cuda import OPERATIONS, Fake, two_gpus
from tests.nets import chain
from tests.running import rfcalc

SPEC = "input: 3x16x16\nlayers: [{conv: {out: 4, k: 3}}, relu, {resample: {scale: 1.5}}, {conv: {out: 4, k: 3}}]\n"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    monkeypatch.setattr(ceilings, "COPY_BYTES", {True: 1 << 20, False: 1 << 20})
    monkeypatch.setattr(ceilings, "MATRICES", {True: (64,), False: (64,)})
    monkeypatch.setattr(ceilings, "CONVOLUTIONS", {True: (1, 8, 8), False: (1, 8, 8)})
    monkeypatch.setattr(ceilings, "WARM_SECONDS", 0.01)
    with two_gpus(monkeypatch) as found:
        yield found


@pytest.fixture
def spec(tmp_path: object) -> str:
    path = f"{tmp_path}/net.yaml"
    with open(path, "w") as file:
        file.write(SPEC)
    return path


QUICK = ("--seconds", "0.02")


def only(fake: Fake, device: int) -> None:
    assert fake.events
    assert set(fake.events) == set(fake.waited) == {device}
    assert fake.current == 0, "the caller's device is the current one again"


def test_time_on_the_second_gpu(spec: str, fake: Fake) -> None:
    """Events, graphs and memory are those of cuda:1; a graph holds no copy from the host."""
    run = rfcalc(
        "time", spec, "--device", "cuda:1", "--mode", "eager,graph", "--dtype", "fp32,bf16", *QUICK, "--format", "json"
    )
    assert [row["status"] for row in run.data["runs"]] == ["ok"] * 4, run.out
    only(fake, 1)
    assert fake.replays
    memory = run.data["runs"][0]["memory_bytes"]
    assert (memory["allocated"], memory["reserved"]) == (2_000_000, 2_020_000), "what was there before is not counted"


def test_profile_on_the_second_gpu(spec: str, fake: Fake) -> None:
    run = rfcalc("profile", spec, "--device", "cuda:1", *QUICK, "--format", "json")
    assert run.code == 0, run.err
    assert len(run.data["layers"]) == 4
    only(fake, 1)
    assert fake.slept


def test_the_queue_is_never_full(fake: Fake) -> None:
    """A network of more layers than the queue holds sleeps several times a pass, and every layer has its own time."""
    graph = chain((8, 8), *[("relu", {})] * 700)
    found = profile.profile(subject(graph), Case("cuda", 1, "fp32", "contiguous", "eager"), 0.01)
    assert len(found.layers) == 700
    assert fake.most < OPERATIONS
    assert {round(layer.seconds, 6) for layer in found.layers} == {1e-3}


def test_max_batch_on_the_second_gpu(spec: str, fake: Fake) -> None:
    fake.largest = 100
    run = rfcalc("max-batch", spec, "--device", "cuda:1", "--memory", "5MB", "--format", "json")
    assert run.data["batch"] >= 97
    assert run.data["fails"] <= 100
    assert set(fake.waited) == {1}


def test_max_batch_with_the_precision_of_the_case(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(
        maxbatch, "_cuda_bytes", lambda *_: (seen.append(torch.backends.cudnn.allow_tf32), (None, "out of memory"))[1]
    )
    case = Case("cuda", 1, "tf32", "contiguous", "eager")
    maxbatch.max_batch(subject(chain((8, 8), ("relu", {}))), case, 10**9)
    assert seen
    assert all(seen)


def test_max_batch_goes_on_where_something_else_fails(spec: str, fake: Fake) -> None:
    """cuDNN has no kernel for huge batches: they do not fit, and the output says why."""
    fake.bad_batch = 50
    run = rfcalc("max-batch", spec, "--device", "cuda", "--memory", "5MB")
    assert run.code == 0, run.err
    assert "failed for another reason than memory" in run.out
    assert "CUDNN_STATUS_NOT_SUPPORTED" in run.out
    fake.bad_batch = 1
    run = rfcalc("max-batch", spec, "--device", "cuda", "--memory", "5MB")
    assert (run.code, "CUDNN_STATUS_NOT_SUPPORTED" in run.err) == (2, True)


def test_when_every_row_failed(spec: str, fake: Fake) -> None:
    fake.bad_batch = 1
    run = rfcalc("time", spec, "--device", "cuda", *QUICK)
    assert run.code == 1
    assert "CUDNN_STATUS_NOT_SUPPORTED" in run.out


def test_the_device_is_given_back_after_an_error(fake: Fake) -> None:
    (case,) = grid("cuda:1", [1], ["fp32"], ["contiguous"], ["eager"])
    with contextlib.suppress(ValueError), conditions(case):
        assert fake.current == 1
        raise ValueError
    assert fake.current == 0


def test_prepare_asks_the_current_device(fake: Fake) -> None:
    """What time_all does beforehand; without it the wrong device would be asked, which the fake does not answer."""
    (case,) = grid("cuda:1", [1], ["fp32"], ["contiguous"], ["eager"])
    network = subject(chain((8, 8), ("relu", {})))
    with pytest.raises(AssertionError, match="another device"):
        prepare(network, case)
    assert time_all([network], [case], 0.01, 0.01).runs[0].status == "ok"
