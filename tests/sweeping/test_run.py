"""Equal rows wherever they are computed, and nothing lost however a run ends."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from rfcalc.errors import SpecError
from rfcalc.sweeping import run as running
from rfcalc.sweeping.run import Way, run
from rfcalc.sweeping.store import made
from rfcalc.sweeping.view import View
from tests.sweeping.spaces import plan, rows, spec, swept

DRAWN = {"random": 14, "seed": 3, "where": "macs <= 5 M and w * d > 16"}


def test_a_grid(tmp_path: Path) -> None:
    store = swept(plan(spec(tmp_path)))
    view = View(store)
    assert store.counts() == (20, 0, 0, 0)
    assert [one.values for one in view.designs()][:5] == [
        *({"w": "8", "d": str(d)} for d in (1, 2, 3, 4)),
        {"w": "16", "d": "1"},
    ]
    assert view.design(5).figures["params"] == 3 * 9 * 16 + 16 * 9 * 16 + 16 * 10 + 10


def test_processes_give_equal_rows(tmp_path: Path) -> None:
    for more in ({}, DRAWN):
        here, there = (swept(plan(spec(tmp_path), **more), way=Way(workers)) for workers in (1, 2))
        assert rows(here) == rows(there)
        assert here.done() == there.done()


def test_drawn_designs_are_uniform_over_those_within_the_condition(tmp_path: Path) -> None:
    """The condition on params is asked first; those outside are not made, and N are found nevertheless."""
    store = swept(plan(spec(tmp_path), **DRAWN))
    kept, left, errors, passed = store.counts()
    assert kept + left == 14
    assert errors == 0
    assert passed > 0
    assert all(int(one.values["w"]) * int(one.values["d"]) > 16 for one in View(store).designs())
    every = swept(plan(spec(tmp_path), **{**DRAWN, "random": 1000}))
    assert sum(every.counts()[:2]) == 17
    assert rows(every)[:14] == rows(store)


def test_more_are_drawn_into_the_same_store(tmp_path: Path) -> None:
    path = str(tmp_path / "s.db")
    swept(plan(spec(tmp_path), **{**DRAWN, "random": 5}), path).close()
    store = swept(plan(spec(tmp_path), **DRAWN), path)
    assert rows(store) == rows(swept(plan(spec(tmp_path), **DRAWN)))


def test_what_is_there_is_not_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, begun = str(tmp_path / "s.db"), plan(spec(tmp_path))
    computed: list[int] = []

    def work(task: object, start: int, count: int, given: object) -> object:
        if len(computed) == 7:
            raise KeyboardInterrupt
        computed.append(start)
        return running_work(task, start, count, given)

    running_work = running.work
    monkeypatch.setattr(running, "work", work)
    with pytest.raises(KeyboardInterrupt):
        swept(begun, path)
    monkeypatch.setattr(running, "work", lambda *given: computed.append(given[1]) or running_work(*given))
    store = swept(begun, path)
    assert sorted(computed) == [*range(20)]
    assert rows(store) == rows(swept(begun))


def test_a_worker_that_ends_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = plan(spec(tmp_path))
    submit, ended = ProcessPoolExecutor.submit, []

    def once(pool: ProcessPoolExecutor, *given: object) -> object:
        if given[2] == 10 and not ended:  # type: ignore[comparison-overlap]
            ended.append(submit(pool, os._exit, 1))
        return submit(pool, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(ProcessPoolExecutor, "submit", once)
    store = swept(begun, way=Way(2))
    assert ended
    monkeypatch.undo()
    assert rows(store) == rows(swept(begun))


def test_a_design_that_ends_every_worker_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = plan(spec(tmp_path))
    submit = ProcessPoolExecutor.submit
    monkeypatch.setattr(ProcessPoolExecutor, "submit", lambda pool, *given: submit(pool, os._exit, 1))
    with pytest.raises(SpecError, match="a process ended 3 times"):
        run(begun, made("", begun.told), Way(2))


def test_no_design_within_the_condition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MOST_BARREN", 5)
    with pytest.raises(SpecError, match="none is within the condition on params"):
        swept(plan(spec(tmp_path), where="w > 1000", random=5))
    assert swept(plan(spec(tmp_path), where="w > 1000")).counts() == (0, 0, 0, 20)


ASKED = pytest.mark.skipif(not os.environ.get("RFCALC_LONG"), reason="minutes: RFCALC_LONG=1 runs it")


@pytest.mark.parametrize("times", [2, pytest.param(10, marks=ASKED)])
def test_kill_9(tmp_path: Path, times: int) -> None:
    """Killed at random moments, the parent or a worker: nothing is lost, nothing is there twice, nobody lives on."""
    source = spec(tmp_path)
    words = ["sweep", source, "-s", "w=8:4000:8", "--store", str(tmp_path / "s.db"), "--workers", "2", "--random", "1200"]
    words += ["--columns", "memory"]  # which takes a while
    command = [sys.executable, "-m", "rfcalc", *words]
    chance, before = random.Random(times), 0
    for turn in range(times):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda pid=process.pid: len(children(pid)) >= 2 or not lives(pid))
        time.sleep(chance.uniform(0, 2))
        workers = children(process.pid)
        if turn % 2 and workers:
            kill(chance.choice(workers))
            time.sleep(0.2)
        kill(process.pid)
        process.wait()
        wait_for(lambda there=workers: not any(map(lives, there)))
        assert not any(map(lives, workers))
        count, integrity = looked(tmp_path / "s.db")
        assert count >= min(before, 1200)  # chunks are whole, and what is beyond is cut at the end
        assert integrity == "ok"
        before = count
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    assert looked(tmp_path / "s.db") == (1200, "ok")


def looked(path: Path) -> tuple[int, str]:
    """How many designs a store has, and whether it is whole."""
    if not path.exists() or not path.stat().st_size:
        return 0, "ok"
    connection = sqlite3.connect(path)
    (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    (count,) = connection.execute("SELECT COUNT(*) FROM designs").fetchone()
    (noted,) = connection.execute("SELECT TOTAL(count - passed) FROM chunks").fetchone()
    connection.close()
    assert count == noted
    return count, integrity


def children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(pid: int) -> None:
    if lives(pid):
        os.kill(pid, signal.SIGKILL)


def wait_for(what: object, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:  # type: ignore[operator]
        time.sleep(0.05)
