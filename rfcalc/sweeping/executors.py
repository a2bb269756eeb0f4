"""Where the chunks of a sweep are computed: here, in processes of this machine, or by a scheduler of Dask. All of them are
executors of `concurrent.futures`, and so is any other that has `submit`."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from rfcalc.errors import fail

DASK = "dask:"
PATIENCE = 10.0  # seconds until no scheduler answers


P = ParamSpec("P")
R = TypeVar("R")


class Here(Executor):
    """Computes at once, in this process."""

    def submit(self, fn: Callable[P, R], /, *args: P.args, **named: P.kwargs) -> Future[R]:
        """The future of a call, which has been made."""
        future: Future[R] = Future()
        try:
            future.set_result(fn(*args, **named))
        except Exception as error:
            future.set_exception(error)
        return future


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def processes(workers: int) -> Iterator[Executor]:
    """A pool of processes, none of which outlives this one."""
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin)
    try:
        yield pool
    except BaseException:
        _end(pool)
        raise
    pool.shutdown(wait=True, cancel_futures=True)


def _end(pool: ProcessPoolExecutor) -> None:
    """Ends a pool at once, whatever it computes."""
    running = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in running:
        process.kill()
    for process in running:
        process.join(5)


def _begin() -> None:
    """What a worker does first: Ctrl-C is its parent's to hear, and it ends when that is gone, however that ended."""
    from multiprocessing import parent_process

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    from multiprocessing.connection import wait

    wait([sentinel])
    os._exit(1)


@contextmanager
def dask(address: str) -> Iterator[Executor]:
    """The workers of a scheduler; raises SpecError where there is none."""
    try:
        from distributed import Client
    except ImportError:
        raise fail("E505", "--executor dask needs Dask", None, 'pip install "rfcalc-cli[dask]"') from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise fail("E505", f"there is no scheduler of Dask at {address}: {error}", None, "--executor dask:HOST:PORT") from None
    try:
        yield client.get_executor(pure=False, retries=2)
    finally:
        client.close(timeout=5)
