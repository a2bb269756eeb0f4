"""Dask over the loopback interface, and any other executor: equal rows."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rfcalc.errors import SpecError
from rfcalc.sweeping.executors import Here
from rfcalc.sweeping.run import Way
from tests.running import rfcalc
from tests.sweeping.spaces import plan, rows, spec, swept

DRAWN = {"random": 14, "seed": 3, "where": "macs <= 5 M and w * d > 16"}


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a scheduler with two workers of two threads each."""
    distributed = pytest.importorskip("distributed", reason="--executor dask needs rfcalc-cli[dask]")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


def test_dask(scheduler: str, tmp_path: Path) -> None:
    for more in ({}, DRAWN):
        begun = plan(spec(tmp_path), **more)
        here, there = swept(begun), swept(begun, way=Way(executor=f"dask:{scheduler}"))
        assert rows(here) == rows(there)
        assert here.done() == there.done()


def test_dask_from_the_command_line(scheduler: str, tmp_path: Path) -> None:
    words = ("sweep", spec(tmp_path), "--front", "macs")
    assert rfcalc(*words, "--executor", f"dask:{scheduler}").out == rfcalc(*words).out


def test_no_scheduler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="--executor dask needs rfcalc-cli[dask]")
    from rfcalc.sweeping import executors

    monkeypatch.setattr(executors, "PATIENCE", 0.5)
    with pytest.raises(SpecError, match="there is no scheduler of Dask at"):
        swept(plan(spec(tmp_path)), way=Way(executor="dask:tcp://127.0.0.1:9"))


def test_any_executor(tmp_path: Path) -> None:
    begun = plan(spec(tmp_path), **DRAWN)
    with ThreadPoolExecutor(3) as threads:
        assert rows(swept(begun, way=Way(3, threads))) == rows(swept(begun))


def test_an_error_here_is_that_of_the_call() -> None:
    with pytest.raises(ZeroDivisionError):
        Here().submit(lambda: 1 // 0).result()
