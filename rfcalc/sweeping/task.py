"""What is to be computed, as it travels to those who compute it, and one chunk of it computed. Equal chunks give equal rows,
wherever and in whatever order they are computed."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from rfcalc.analyses.network import Analysis, analyze
from rfcalc.errors import RuleError, SpecError
from rfcalc.language.load import Template
from rfcalc.language.marked import Marked
from rfcalc.language.overrides import parsed
from rfcalc.language.problems import Problems
from rfcalc.record import record
from rfcalc.sweeping.condition import conditions
from rfcalc.sweeping.draws import permutation
from rfcalc.sweeping.figures import BY_KEY, FINDINGS
from rfcalc.sweeping.folding import folding
from rfcalc.sweeping.names import Unfolded
from rfcalc.sweeping.space import Space

if TYPE_CHECKING:
    from rfcalc.checks.settings import Settings

LEFT, KEPT, BROKEN = range(3)  # states of a design: outside the condition, within it, impossible
LARGEST = 2**63 - 1
MOST_VAIN = 1000  # designs in a row that cannot be folded
# The number of a design, its state, its note, the keys of figures that are not certain, and the figures, as the columns are.
Row = tuple[int, int, str | None, str | None, tuple[float | None, ...]]


@record(eq=False)
class Family:
    """One spec and its designs, of which the first has the number `first`."""

    template: Template
    space: Space
    first: int = 0


@record(eq=False)
class Task:
    """A sweep: `columns`, the keys of the figures that are kept; `where`, the condition, and the figures that its `words` mean;
    `seed` where designs are drawn; `settings` of the rules, where findings are counted; `key`: what it is known by where it
    travelled before."""

    families: tuple[Family, ...]
    columns: tuple[str, ...]
    where: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    settings: Settings | None = None
    key: str = ""

    @cached_property
    def total(self) -> int:
        """How many designs the space has."""
        return sum(family.space.count for family in self.families)

    @cached_property
    def index_of(self) -> Callable[[int], int]:
        """The place in the space of the design that has a number."""
        return (lambda number: number) if self.seed is None else permutation(self.total, self.seed)

    def family(self, number: int) -> tuple[Family, int]:
        """The spec of a design, and the design's place among those of the spec."""
        index = self.index_of(number)
        family = next(one for one in reversed(self.families) if one.first <= index)
        return family, index - family.first


@record
class Chunk:
    """What was computed of the designs `start` to `start + count - 1`. Those outside a condition on params have no row, since
    they were not made: `passed` is how many."""

    start: int
    count: int
    rows: tuple[Row, ...]
    passed: int = 0


_kept: dict[str, Worker] = {}
_one_at_a_time = Lock()  # a worker of Dask may have many threads


def work(task: Task, start: int, count: int, given: Sequence[str] | None = None) -> Chunk:
    """Computes a chunk of a sweep. `given`: the designs, where they come from a file, each as JSON."""
    with _one_at_a_time:
        worker = _kept.get(task.key)
        if worker is None:
            _kept.clear()
            worker = _kept[task.key] = Worker(task)
        collecting = gc.isenabled()
        gc.disable()  # a design makes many objects and no cycles
        try:
            return worker.chunk(start, count, given)
        finally:
            if collecting:
                gc.enable()


class Worker:
    """Computes designs of a sweep, one after the other; what they share stays."""

    def __init__(self, task: Task) -> None:
        self.task = task
        parts = conditions(task.where) if task.where else []
        self.before = [part for part in parts if not part.names & task.words.keys()]
        self.after = [part for part in parts if part.names & task.words.keys()]
        self.metrics = [BY_KEY[key] for key in task.columns if key in BY_KEY]
        self.vain = 0
        families = () if FINDINGS in task.columns else task.families
        self.folds = {family.first: folding(family.template, self.metrics) for family in families}

    def chunk(self, start: int, count: int, given: Sequence[str] | None) -> Chunk:
        """The rows of a chunk."""
        rows, passed = [], 0
        for number in range(start, start + count):
            row = self._row(number, None if given is None else given[number - start])
            if row is None:
                passed += 1
            else:
                rows.append(row)
        return Chunk(start, count, tuple(rows), passed)

    def _row(self, number: int, given: str | None) -> Row | None:
        """One design; None for one outside the condition on params."""
        try:
            if given is None:
                family, index = self.task.family(number)
                nodes = family.space.nodes(index)
            else:
                family = self.task.families[0]
                nodes = {**family.space.nodes(0), **nodes_of(given)}
            params = family.template.params(nodes)
            if not all(part.holds(params) for part in self.before):
                return None
            return self._figures(number, family, nodes, params)
        except SpecError as error:
            return self._broken(number, _told(error))
        except (RuleError, RecursionError, MemoryError, OverflowError) as error:
            return self._broken(number, str(error) or type(error).__name__)

    def _broken(self, number: int, why: str) -> Row:
        return number, BROKEN, why, None, (None,) * len(self.task.columns)

    def _figures(self, number: int, family: Family, nodes: Mapping[str, Marked], params: Mapping[str, object]) -> Row:
        """The row of a design that can be made."""
        found = self._folded(family, nodes, params)
        note = about = None
        if found is None:
            analysis = analyze(family.template.graph(nodes))
            found = {metric.stored: _plain(metric.of_network(analysis)) for metric in self.metrics}
            about = " ".join(metric.stored for metric in self.metrics if metric.about(analysis)) or None
            if FINDINGS in self.task.columns:
                codes = codes_of(analysis, self.task.settings)
                found[FINDINGS], note = len(codes), " ".join(sorted(codes)) or None
        kept = KEPT
        if self.after:
            values = {**params, **{word: found[key] for word, key in self.task.words.items()}}
            kept = KEPT if all(part.holds(values) for part in self.after) else LEFT
        return number, kept, note, about, tuple([found[key] for key in self.task.columns])

    def _folded(
        self, family: Family, nodes: Mapping[str, Marked], params: Mapping[str, object]
    ) -> dict[str, float | None] | None:
        """The figures, where they are known without a graph."""
        fold = self.folds.get(family.first)
        if fold is None:
            return None
        try:
            found = fold.figures(nodes, params)
        except Unfolded:
            self.vain += 1
            if self.vain > MOST_VAIN:
                self.folds[family.first] = None
            return None
        self.vain = 0
        return {metric.stored: _plain(value) for metric, value in zip(self.metrics, found, strict=True)}


def nodes_of(given: str) -> dict[str, Marked]:
    """What a design of a file sets; raises SpecError."""
    import json

    problems = Problems()
    nodes = parsed({str(key): str(text) for key, text in json.loads(given).items()}, problems)
    if problems.found:
        problems.stop()
    return nodes


def codes_of(analysis: Analysis, settings: Settings | None) -> list[str]:
    """The codes of what `rfcalc check` says of a network, one for each place."""
    from rfcalc.checks.folding import per_place
    from rfcalc.checks.runner import findings_of

    assert settings is not None, "who asks for findings says by what settings"
    return [finding.code for finding in per_place(findings_of(analysis, settings))]


def _plain(value: float | None) -> float | None:
    """A figure as the store holds it."""
    if isinstance(value, int) and value > LARGEST:
        raise OverflowError(f"a figure of {value:.3g}, which is more than a store holds")
    return value


def _told(error: SpecError) -> str:
    """The first problem of a design, on one line."""
    first, more = error.problems[0], len(error.problems) - 1
    return f"{first.code}: {first.message}" + (f" (and {more} more)" if more else "")
