"""`time`: latency of networks over a grid of cases; several networks take turns, block by block, in the same conditions."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, TypeVar

import torch

from rfcalc.backends.timing.cases import Case, Prepared, UnsupportedError, conditions, prepare
from rfcalc.backends.timing.clocks import BLOCK_SECONDS, Clock, CpuClock, CudaClock, Warm, warm_up
from rfcalc.backends.timing.samples import Comparison, Summary, compare, summary
from rfcalc.backends.torch.subject import Subject
from rfcalc.errors import SpecError, fail
from rfcalc.progress import say

if TYPE_CHECKING:
    from rfcalc.report.models.timing import RunData

LEAST_BLOCKS = 8
OK, INTERRUPTED, OUT_OF_MEMORY = "ok", "interrupted", "out of memory"
T = TypeVar("T")


@dataclass
class Measurement:
    """One network in one case; `runs` and `remark` say which module of it. `status` is "ok", "out of memory",
    "unsupported: ...", "error: ..." or "interrupted"; `blocks` are the medians of blocks, which are compared."""

    network: str
    case: Case
    runs: str = "built"
    remark: str = ""
    samples: list[float] = field(default_factory=list)
    blocks: list[float] = field(default_factory=list)
    spent_ms: float = 0.0
    prepared: Prepared | None = None
    warm: Warm | None = None
    status: str = OK

    @property
    def latency(self) -> Summary | None:
        """Quantiles in milliseconds; None without samples."""
        return summary(self.samples) if self.samples else None

    @property
    def throughput(self) -> float | None:
        """Inputs per second at the median latency."""
        return self.case.batch * 1000 / self.latency.median if self.latency else None

    def data(self) -> RunData:
        """This run as JSON has it."""
        case, latency, warm, prepared = self.case, self.latency, self.warm, self.prepared
        return {
            "network": self.network,
            "runs": self.runs,
            "device": case.device,
            "batch": case.batch,
            "dtype": case.dtype,
            "memory_format": case.memory_format,
            "mode": case.mode,
            "status": self.status,
            "latency_ms": None if latency is None else latency.data(),
            "samples_ms": self.samples,
            "throughput": self.throughput,
            "memory_bytes": prepared.memory if prepared else None,
            "first_call_ms": prepared.first_ms if prepared else None,
            "warm_up": None if warm is None else warm.data(),
        }


@dataclass
class Timing:
    """Every run so far, in order; `interrupted` if Ctrl-C ended it."""

    runs: list[Measurement] = field(default_factory=list)
    interrupted: bool = False

    def comparisons(self) -> Iterator[tuple[Measurement, Measurement, Comparison]]:
        """The first network of each case against each other one."""
        for case in dict.fromkeys(run.case for run in self.runs):
            done = [run for run in self.runs if run.case == case and run.status == OK]
            for other in done[1:]:
                if done[0].network == self.runs[0].network:
                    yield done[0], other, compare(done[0].blocks, other.blocks)


def time_all(
    subjects: Sequence[Subject],
    cases: Sequence[Case],
    seconds: float = 2.0,
    warm_seconds: float = 5.0,
) -> Timing:
    """Times every network in every case for `seconds` each, after a warm-up of at most `warm_seconds`.

    What fails becomes a row with its status. Ctrl-C ends the measurement and keeps what is done.
    """
    timing = Timing()
    behind = _Behind(len(cases) * len(subjects) * seconds)
    names = _names([subject.graph.name for subject in subjects])
    with suppress(KeyboardInterrupt):
        for case in cases:
            pairs = zip(names, subjects, strict=True)
            runs = [Measurement(name, case, s.runs, s.remark, status=INTERRUPTED) for name, s in pairs]
            timing.runs += runs
            _time_case(list(zip(subjects, runs, strict=True)), seconds, warm_seconds, behind)
        return timing
    timing.interrupted = True
    return timing


class _Behind:
    """Counts the seconds of measuring that are done, and says it."""

    def __init__(self, total: float) -> None:
        self.done, self.total = 0.0, total

    def __call__(self, seconds: float) -> None:
        self.done += seconds
        say("timing", min(self.done, self.total), self.total)


def _names(names: Sequence[str]) -> list[str]:
    """The networks' names, with a number where two are the same."""
    return [name if names.count(name) == 1 else f"{name} ({i + 1})" for i, name in enumerate(names)]


def _time_case(pairs: Sequence[tuple[Subject, Measurement]], seconds: float, warm_seconds: float, tick: _Behind) -> None:
    case = pairs[0][1].case
    clock: Clock = CudaClock(case.device) if case.cuda else CpuClock()
    with conditions(case):
        ready = [run for subject, run in pairs if _guarded(run, partial(_start, subject, run, clock, seconds, warm_seconds))]
        for _, run in pairs:
            if run not in ready:
                tick(seconds)
        while ready and any(_unfinished(run, seconds) for run in ready):
            for run in list(ready):
                if not _guarded(run, partial(_block, run, clock)):
                    ready.remove(run)
                else:
                    tick(min(seconds, sum(run.samples[-run.warm.block :]) / 1000) if run.warm else 0)
        for run in ready:
            run.status = OK
    for _, run in pairs:
        _release(run)


def _start(subject: Subject, run: Measurement, clock: Clock, seconds: float, warm_seconds: float) -> None:
    run.prepared = prepare(subject, run.case)
    run.warm = warm_up(clock, run.prepared.step, warm_seconds, min(BLOCK_SECONDS, seconds / LEAST_BLOCKS))


def _unfinished(run: Measurement, seconds: float) -> bool:
    return run.spent_ms < seconds * 1000 or len(run.blocks) < LEAST_BLOCKS


def _block(run: Measurement, clock: Clock) -> None:
    if run.prepared and run.warm:
        samples = clock.block(run.prepared.step, run.warm.block)
        run.samples += samples
        run.spent_ms += sum(samples)
        run.blocks.append(median(samples))


def _guarded(run: Measurement, work: Callable[[], None]) -> bool:
    """Does some work; a failure becomes the run's status. Memory is given back after the handler, which holds the frames."""
    status = ""
    try:
        work()
    except Exception as error:
        status = status_of(error)
    if status:
        run.status = status
        _release(run)
    return not status


def status_of(error: Exception) -> str:
    """A failure in a few words."""
    text = str(error).strip().split("\n")[0][:200]
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in text or "out of memory" in text:
        return OUT_OF_MEMORY
    if isinstance(error, UnsupportedError):
        return f"unsupported: {text}"
    if isinstance(error, NotImplementedError) or "not implemented for" in text or "not supported" in text:
        return f"unsupported: {text}"
    if type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
        return f"unsupported: torch.compile failed: {type(error).__name__}: {text}"
    return f"error: {type(error).__name__}: {text}"


def attempted(case: Case, work: Callable[[], T]) -> T:
    """Work that is not a row of many: a failure becomes a SpecError."""
    try:
        return work()
    except Exception as error:
        if isinstance(error, SpecError):
            raise
        status = status_of(error)
    raise fail("E703", f"{case}: {status}")


def _release(run: Measurement) -> None:
    if run.prepared is not None:
        run.prepared = Prepared(_nothing, run.prepared.first_ms, run.prepared.memory)
    if run.case.mode == "compile":
        torch.compiler.reset()
    gc.collect()
    if run.case.cuda:
        torch.cuda.empty_cache()


def _nothing() -> None:
    """Stands for a network that has been let go."""
