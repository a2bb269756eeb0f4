"""Networks side by side: the figures of each, the differences against one of them, and those that no other one beats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from rfcalc.analyses.metrics import ASKED_FOR, LATENCY, METRICS, Better, Figure, Metric, Shown
from rfcalc.analyses.network import Analysis
from rfcalc.errors import did_you_mean
from rfcalc.record import record, replace

COMPARED = (*(metric for metric in METRICS if Shown.DIFF in metric.shown), *ASKED_FOR)


@record
class Compared:
    """One network of several. `figures`: by the names of their metrics, None where it has none; `about`: those that are not
    certain; `change`: in percent, against the network that the others are set against; `best`: no other one beats it."""

    name: str
    analysis: Analysis
    figures: Mapping[str, Figure]
    about: frozenset[str] = frozenset()
    change: Mapping[str, float | None] | None = None
    best: bool = False

    def __getitem__(self, figure: str) -> Figure:
        if figure not in self.figures:
            raise KeyError(f"{figure}: {_hint(figure, self.figures)}")
        return self.figures[figure]

    def __repr__(self) -> str:
        told = [metric for metric in COMPARED if metric is not LATENCY or self.figures[metric.name] is not None]
        shown = (f"{metric.text} {_shown(metric, self.figures[metric.name])}" for metric in told)
        return f"<{self.name}{' (best)' * self.best}: {', '.join(shown)}>"


@record
class Comparison:
    """A row for each network, in the order in which they were given. `against`: the name of the one whose figures the changes
    of the others are from; empty for none. A network is best where no other one is as good in every figure that has a better
    direction and both have, and better in one of them."""

    rows: tuple[Compared, ...]
    against: str = ""

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """The figures, in the order of the columns; the effective field and the latency where some network was asked for it."""
        known = {name for row in self.rows for name, figure in row.figures.items() if figure is not None}
        return tuple(metric for metric in COMPARED if metric not in ASKED_FOR or metric.name in known)

    @property
    def best(self) -> tuple[Compared, ...]:
        """The networks that no other one beats."""
        return tuple(row for row in self.rows if row.best)

    def by(self, figure: str) -> Comparison:
        """The rows in ascending order of a figure, those without it at the end. Raises KeyError with the nearest one."""
        for row in self.rows:
            row[figure]
        return replace(self, rows=tuple(sorted(self.rows, key=lambda row: _order(row[figure]))))

    def against_row(self, key: str | int) -> Comparison:
        """The same, with the changes against one of the networks, by its name or its place. Raises KeyError or IndexError."""
        base = self[key]
        return replace(self, rows=tuple(replace(row, change=_change(base, row)) for row in self), against=base.name)

    def __getitem__(self, key: str | int) -> Compared:
        """A row by its network's name, or by its place."""
        if isinstance(key, int):
            return self.rows[key]
        names = [row.name for row in self.rows]
        if key not in names:
            raise KeyError(f"{key}: {_hint(key, names)}")
        return self.rows[names.index(key)]

    def __iter__(self) -> Iterator[Compared]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        best = ", ".join(row.name for row in self.best[:5])
        more = f" and {len(self.best) - 5} more" if len(self.best) > 5 else ""
        return f"<Comparison of {len(self.rows)} networks; no other one beats {best}{more}>"


def comparison(named: Sequence[tuple[str, Analysis]], latencies: Sequence[float | None] | None = None) -> Comparison:
    """The comparison of analysed networks, each with the name that it is called by (a second one of that name gets a number).
    The effective field is that of analyses which were asked for it; `latencies`: milliseconds, where they were measured."""
    names = _apart([name for name, _ in named])
    times = latencies or [None] * len(named)
    rows = [_row(name, analysis, time) for name, (_, analysis), time in zip(names, named, times, strict=True)]
    points = [_point(row) for row in rows]
    unbeaten = [not any(_beats(other, point) for other in points) for point in points]
    return Comparison(tuple(replace(row, best=best) for row, best in zip(rows, unbeaten, strict=True)))


def _row(name: str, analysis: Analysis, latency: Figure) -> Compared:
    figures = {metric.name: metric.of_network(analysis) for metric in COMPARED} | {LATENCY.name: latency}
    return Compared(name, analysis, figures, frozenset(metric.name for metric in COMPARED if metric.about(analysis)))


def _apart(names: Sequence[str]) -> list[str]:
    """The names, from the second of each on with a number."""
    seen: Counter[str] = Counter()
    told = []
    for name in names:
        seen[name] += 1
        told.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return told


def _point(row: Compared) -> list[Figure]:
    """The figures that have a better direction, so that less is better; None where there is none."""
    judged = (metric for metric in COMPARED if metric.better is not Better.NEITHER)
    return [
        figure if (figure := row.figures[metric.name]) is None or metric.better is Better.LESS else -figure for metric in judged
    ]


def _beats(one: Sequence[Figure], other: Sequence[Figure]) -> bool:
    """Whether a network is as good as another in every figure that both have, and better in one."""
    better = False
    for a, b in zip(one, other, strict=True):
        if a is not None and b is not None:
            if a > b:
                return False
            better = better or a < b
    return better


def _change(base: Compared, row: Compared) -> dict[str, float | None]:
    pairs = {name: (base.figures[name], figure) for name, figure in row.figures.items()}
    return {name: None if not old or new is None else 100 * (new - old) / old for name, (old, new) in pairs.items()}


def _order(figure: Figure) -> tuple[bool, float]:
    return figure is None, figure or 0


def _shown(metric: Metric, figure: Figure) -> str:
    return f"of {metric.absent}" if figure is None else metric.unit.show(figure)


def _hint(word: str, known: Mapping[str, object] | Sequence[str]) -> str:
    return did_you_mean(word, known) or f"there are {', '.join([*known][:12])}"
