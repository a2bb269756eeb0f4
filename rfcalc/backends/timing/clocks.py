"""How long one run takes: CUDA events with one synchronization per block, or the CPU's clock; and the warm-up."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter, perf_counter_ns
from typing import TYPE_CHECKING

import torch

from rfcalc.record import record

if TYPE_CHECKING:
    from rfcalc.report.models.timing import WarmUpData

Step = Callable[[], object]
BLOCK_SECONDS = 0.05
LONGEST_BLOCK = 500
CLOSE = 0.02
CYCLES = 2e9  # per second


class CpuClock:
    """Times each run by itself."""

    def block(self, step: Step, count: int, behind: float = 0.0) -> list[float]:
        """Milliseconds of `count` runs; a call on the CPU is not queued, whatever is `behind` it."""
        seconds = []
        for _ in range(count):
            start = perf_counter_ns()
            step()
            seconds.append((perf_counter_ns() - start) / 1e6)
        return seconds


class CudaClock:
    """Times runs by an event between each two of them, read after a single synchronization at the end of the block."""

    def __init__(self, device: str) -> None:
        self.device = device

    def block(self, step: Step, count: int, behind: float = 0.0) -> list[float]:
        """Milliseconds of `count` runs, one after the other; on a device that sleeps for about `behind` seconds first, so that
        none waits for its launch."""
        events = [torch.cuda.Event(enable_timing=True) for _ in range(count + 1)]
        torch.cuda.synchronize(self.device)
        sleep(behind)
        events[0].record()
        for event in events[1:]:
            step()
            event.record()
        torch.cuda.synchronize(self.device)
        return [a.elapsed_time(b) for a, b in zip(events, events[1:], strict=False)]


def sleep(seconds: float) -> None:
    """Lets the current GPU wait, at clocks of up to 2 GHz, while work is queued behind it."""
    if seconds:
        torch.cuda._sleep(int(CYCLES * seconds))


Clock = CpuClock | CudaClock


@record
class Warm:
    """How a warm-up went: runs per block from now on, runs and seconds it took, and whether times had settled."""

    block: int
    runs: int
    seconds: float
    converged: bool

    def data(self) -> WarmUpData:
        """This as JSON has it."""
        return {"block": self.block, "runs": self.runs, "seconds": self.seconds, "converged": self.converged}


def warm_up(clock: Clock, step: Step, limit: float, block_seconds: float = BLOCK_SECONDS) -> Warm:
    """Runs until two blocks in a row have medians within 2 % of the one before, or for `limit` seconds; blocks take about
    `block_seconds`."""
    start, runs, size, close = perf_counter(), 0, 1, 0
    last = 0.0
    while close < 2 and (perf_counter() - start < limit or not runs):
        samples = clock.block(step, size)
        runs += size
        now = median(samples)
        close = close + 1 if abs(now - last) <= CLOSE * last else 0
        last = now
        size = max(1, min(LONGEST_BLOCK, int(block_seconds * 1000 / max(now, 1e-6))))
    return Warm(size, runs, perf_counter() - start, close >= 2)
