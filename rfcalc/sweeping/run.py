"""A sweep is run: chunks that are not done are computed, wherever that is, and written as they come."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from time import monotonic

from rfcalc.errors import fail
from rfcalc.progress import say
from rfcalc.record import record
from rfcalc.sweeping.executors import DASK, Here, cores, dask, processes
from rfcalc.sweeping.plan import Plan
from rfcalc.sweeping.store import Store
from rfcalc.sweeping.task import Chunk, work

AFAR = 8  # workers that a scheduler is thought to have, where --workers does not say it
AHEAD = 2  # chunks for each worker that wait or are computed
FEW = 400  # designs for which no process is started
MOST_LIVES = 3
MOST_BARREN = 10_000_000  # designs that are drawn without one that is within the condition on params
Designs = Callable[[int, int], Sequence[str]]


@record
class Way:
    """How it is computed: by how many workers (0: as many as there are processors), of this machine, of the scheduler that
    `executor` names, or of an executor itself."""

    workers: int = 0
    executor: str | Executor = ""

    def count(self, wanted: int) -> int:
        """How many compute at a time."""
        return self.workers or (1 if wanted <= FEW else cores())

    def opened(self, wanted: int) -> AbstractContextManager[Executor]:
        """The executor."""
        if isinstance(self.executor, Executor):
            return nullcontext(self.executor)
        if self.executor:
            return dask(self.executor.removeprefix(DASK))
        return nullcontext(Here()) if self.count(wanted) == 1 else processes(self.count(wanted))


def run(plan: Plan, store: Store, way: Way, designs: Designs | None = None) -> None:
    """Computes what the store lacks. Raises SpecError where it cannot go on; what is done is in the store then, as it is after
    KeyboardInterrupt."""
    lives: dict[int, int] = {}
    ended = False
    while not ended:
        try:
            with way.opened(plan.wanted) as executor:
                _Run(plan, store, designs, way).through(executor, lives)
            ended = True
        except BrokenProcessPool:
            _again(lives, store)
    if plan.task.seed is not None:
        _trimmed(plan, store)


def _again(lives: dict[int, int], store: Store) -> None:
    """Counts how often the chunks that were being computed have ended a process."""
    done = store.done()
    for start in [start for start in lives if start in done]:
        del lives[start]
    worst = max(lives, key=lambda start: lives[start], default=None)
    if worst is not None and lives[worst] >= MOST_LIVES:
        what = f"a process ended {MOST_LIVES} times while it computed the designs from {worst:,} on"
        raise fail("E505", what, None, "perhaps memory ran out: --workers 1; the same command goes on")


class _Run:
    """One run."""

    def __init__(self, plan: Plan, store: Store, designs: Designs | None, way: Way) -> None:
        self.plan, self.store, self.designs, self.way = plan, store, designs, way
        self.done = store.done()
        self.earlier = sorted(self.done)
        self.rows = sum(count - passed for count, passed in self.done.values())
        self.prefix, self.found = 0, 0  # the first design that is not done, and how many rows there are before it
        self._advance()
        self.began, self.before = monotonic(), self.rows

    def through(self, executor: Executor, lives: dict[int, int]) -> None:
        """Until nothing is left."""
        left = self._left()
        waiting: dict[Future[Chunk], tuple[int, Sequence[str] | None]] = {}
        self._tell()
        while True:
            for start, count in islice(left, self._ahead(executor) - len(waiting)):
                lives[start] = lives.get(start, 0) + 1
                given = self.designs(start, count) if self.designs else None
                waiting[executor.submit(work, self.plan.task, start, count, given)] = start, given
            if not waiting:
                return
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                start, given = waiting.pop(future)
                self._write(self._result(future), given)
                lives.pop(start, None)
            self._tell()

    def _ahead(self, executor: Executor) -> int:
        """How many chunks are in the hands of an executor at a time."""
        if isinstance(executor, Here):
            return 1
        return AHEAD * (self.way.workers or AFAR if self.way.executor else self.way.count(self.plan.wanted))

    def _result(self, future: Future[Chunk]) -> Chunk:
        if not self.way.executor:
            return future.result()
        try:
            return future.result()
        except Exception as error:  # of another machine, or of the way there
            what = f"a worker elsewhere: {type(error).__name__}: {error}"
            raise fail("E505", what, None, "what was computed is kept; the same command goes on") from None

    def _write(self, chunk: Chunk, given: Sequence[str] | None) -> None:
        self.store.add(chunk, given)
        self.done[chunk.start] = chunk.count, chunk.passed
        self.rows += len(chunk.rows)
        self._advance()

    def _advance(self) -> None:
        while self.prefix in self.done:
            count, passed = self.done.pop(self.prefix)
            self.found += count - passed
            self.prefix += count

    def _left(self) -> Iterator[tuple[int, int]]:
        """The chunks that are to be computed, as first design and count; decided when each is asked for."""
        drawn = self.plan.task.seed is not None
        start, end = self.prefix, self.plan.task.total if drawn else self.plan.wanted
        while start < end:
            if drawn and self.found >= self.plan.wanted:
                return
            if drawn and not self.found and self.prefix > MOST_BARREN:
                raise fail("E505", f"of {self.prefix:,} designs none is within the condition on params", None, "--where")
            place = bisect_left(self.earlier, start)
            there = self.earlier[place] if place < len(self.earlier) else end
            if there > start:
                yield start, (count := min(self.plan.chunk, end - start, there - start))
                start += count
            else:
                start += self.done[start][0] if start in self.done else max(1, self.prefix - start)

    def _tell(self) -> None:
        drawn = self.plan.task.seed is not None
        done, wanted = min(self.plan.wanted, self.found if drawn else self.rows), self.plan.wanted
        seconds = monotonic() - self.began
        rate = f", {(self.rows - self.before) / seconds:,.0f} a second" if seconds > 0.5 and self.rows > self.before else ""
        say(f"{done:,} of {wanted:,} designs{rate}", done, wanted)


def _trimmed(plan: Plan, store: Store) -> None:
    """Leaves out what was drawn beyond the number that was asked for: chunks are whole."""
    query = "SELECT design FROM designs ORDER BY design LIMIT 1 OFFSET ?"
    beyond = store.connection.execute(query, (plan.wanted,)).fetchone()
    if beyond is not None:
        store.cut(beyond[0] - 1)
