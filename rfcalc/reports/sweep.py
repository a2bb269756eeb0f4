"""The report of `rfcalc sweep`: the front as a table, how the figures are distributed, what was left out and why."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rfcalc.analyses.metrics import Metric
from rfcalc.report.tables import Column, Report, Show, Table
from rfcalc.report.units import plain
from rfcalc.sweeping.designs import quoted
from rfcalc.sweeping.figures import BY_KEY
from rfcalc.sweeping.view import Design, Distribution, View

if TYPE_CHECKING:
    from rfcalc.report.models.sweep import CountsData, DistributionData, SweepData, SweptData

SHOWN = 24  # designs of the front, on a screen
PROBLEMS = 5
BARS = " ▁▂▃▄▅▆▇█"
DECILES = (0.1, 0.5, 0.9)
CSV = ("design", "spec", "state", "note")


def sweep_report(view: View, every: bool = False) -> Report:
    """The front of a sweep, or with `every` all of its designs, and what is to be said of them."""
    numbers = view.front
    shown = list(view.designs()) if every else view.some(numbers)
    spread = [one for one in map(view.distribution, view.columns) if one is not None]
    title = f"{_many(len(numbers), 'design')} that no other one beats, of {view.store.counts()[0]:,}"
    tables = [_front_table(view, shown if every else _spread(shown, view)), _distributions(view, spread)]
    return Report(
        title, tuple(tables), tuple(_notes(view, every)), Table("designs", _flat_columns(view), tuple(flat_rows(view, shown))),
        _data(view, shown, spread),
    )  # fmt: skip


def _spread(designs: Sequence[Design], view: View) -> list[Design]:
    """As many of them as a screen shows, spread evenly over the first figure of the front, the best of it first."""
    key, more = view.figures[0]
    ordered = sorted(designs, key=lambda one: (-1 if more else 1) * (one.figures[key] or 0))
    step = max(1, (len(ordered) - 1) / (SHOWN - 1))
    return [ordered[round(i * step)] for i in range(min(SHOWN, len(ordered)))]


def _front_table(view: View, designs: Sequence[Design]) -> Table:
    several = len(view.told.sources) > 1
    columns = [Column("number", "Design", str, True), Column("values", "Values", str, ratio=1, wrap=True)]
    columns += [Column(key, _title(key), _shown(key), True) for key in view.columns]
    if any(one.state == "error" for one in designs):
        columns.append(Column("note", "Error", str, ratio=1, wrap=True))
    rows = []
    for one in designs:
        values = " ".join(f"{key}={text}" for key, text in one.values.items() if key in view.keys)
        cells = (one.number, f"{one.source} {values}" if several else values, *(_cell(one, key) for key in view.columns))
        rows.append((*cells, one.note or "")[: len(columns)])
    return Table("", tuple(columns), tuple(rows))


def _title(key: str) -> str:
    title = BY_KEY[key].title if key in BY_KEY else key.replace("_", " ")
    return title[0].upper() + title[1:]


def _cell(design: Design, key: str) -> tuple[float | None, bool, bool]:
    return design.figures[key], key in design.about, design.state == "error"


def _shown(key: str) -> Show:
    def text(cell: tuple[float | None, bool, bool]) -> str:
        value, about, broken = cell
        if value is None:
            return "-" if broken or key not in BY_KEY else BY_KEY[key].absent
        return "about " * about + _value(key, value)

    return text


def _value(key: str, value: float) -> str:
    metric: Metric | None = BY_KEY.get(key)
    return metric.unit.show(value) if metric else plain(value)


def _distributions(view: View, found: Sequence[Distribution]) -> Table:
    heads = [("least", "Least"), *((f"p{100 * share:.0f}", f"{100 * share:.0f} %") for share in DECILES), ("most", "Most")]
    columns = [Column("figure", "Figure"), *(Column(key, title, str, True) for key, title in heads)]
    columns.append(Column("histogram", "Least to most, in equal parts"))
    rows = []
    for one in found:
        at = dict(one.at)
        values = (at[share] for share in (0.0, *DECILES, 1.0))
        rows.append((_title(one.figure), *(_value(one.figure, value) for value in values), _bars(one.bins)))
    return Table(f"How the figures of {_many(view.store.counts()[0], 'design')} are distributed", tuple(columns), tuple(rows))


def _bars(bins: Sequence[int]) -> str:
    most = max(bins)
    return "".join(BARS[-(-count * (len(BARS) - 1) // most)] for count in bins).rstrip()


def _notes(view: View, every: bool) -> Iterator[tuple[str, str]]:
    told, (kept, left, errors, passed) = view.told, view.store.counts()
    done = kept + left + errors
    size = sum(told.counts)
    space = f"{size:,}" if size < 10**12 else f"about 10^{len(str(size)) - 1}"
    drawn = f"drawn by seed {told.drawn} from {space}" if told.drawn is not None else f"of a space of {space}"
    yield "Designs", f"{done:,} computed, {'those of a file' if told.designs else drawn}"
    if told.where:
        more = f", and {passed:,} were not made since their params are outside it" if passed else ""
        yield "Condition", f"{told.where}: {kept:,} are within it, {left:,} outside{more}"
    for text, count, first in view.store.problems(PROBLEMS):
        yield "Impossible", f"{_many(count, 'design')}; {text} (design {first})"
    judged = ", ".join(f"{'more' if more else 'less'} {_title(key)}" for key, more in view.figures)
    some = f"; {SHOWN} of its {len(view.front)} designs are shown" if len(view.front) > SHOWN and not every else ""
    yield "Front", f"no other design is as good in every figure and better in one ({judged}){some}"
    if not complete(view):
        done += passed if told.drawn is None else 0
        yield "Not complete", f"{done:,} of {told.wanted:,}; the same command goes on"
    if view.store.path:
        command = f"rfcalc sweep --show {shlex.quote(view.store.path)} --take N -o FILE.yaml"
        yield "Store", f"{view.store.path}; {command} writes a design"


def complete(view: View) -> bool:
    """Whether every design that was wanted is computed."""
    return bool(view.told.complete)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' if count != 1 else ''}"


def _flat_columns(view: View) -> tuple[Column, ...]:
    return tuple(Column(key, key) for key in (*CSV, *view.keys, *view.columns))


def flat_head(view: View) -> list[str]:
    """The columns of CSV."""
    return [column.key for column in _flat_columns(view)]


def flat_rows(view: View, designs: Iterable[Design]) -> Iterator[tuple[object, ...]]:
    """The rows of CSV: no cell is one that a spreadsheet works out."""
    for one in designs:
        values = (quoted(one.values.get(key, "")) for key in view.keys)
        figures = ("" if one.figures[key] is None else one.figures[key] for key in view.columns)
        yield (one.number, quoted(one.source), one.state, quoted(one.note or ""), *values, *figures)


def _data(view: View, designs: Sequence[Design], spread: Sequence[Distribution]) -> SweepData:
    return {
        "store": view.store.path or None,
        "complete": complete(view),
        "seed": view.told.drawn,
        "where": view.told.where,
        "counts": _counts(view),
        "better": [{"figure": key, "better": "more" if more else "less"} for key, more in view.figures],
        "front": view.front,
        "designs": [swept(one) for one in designs],
        "distributions": {one.figure: _distribution(one) for one in spread},
        "problems": {text: count for text, count, _ in view.store.problems(PROBLEMS)},
    }


def _counts(view: View) -> CountsData:
    kept, left, errors, passed = view.store.counts()
    every = {"kept": kept, "left_out": left, "errors": errors, "passed": passed}
    return {"space": sum(view.told.counts), "designs": kept + left + errors, **every}  # type: ignore[typeddict-item]


def swept(design: Design) -> SweptData:
    """A design as JSON has it."""
    found: SweptData = {
        "number": design.number,
        "source": design.source,
        "values": design.values,
        "state": design.state,
        "figures": design.figures,
    }
    if design.note:
        if design.state == "error":
            found["error"] = design.note
        else:
            found["codes"] = design.note.split()
    if design.about:
        found["approximate"] = design.about
    return found


def _distribution(one: Distribution) -> DistributionData:
    least, most = one.at[0][1], one.at[-1][1]
    every = [(share, value) for share, value in one.at]
    return {"count": one.count, "absent": one.absent, "least": least, "most": most, "empirical": every, "histogram": one.bins}
