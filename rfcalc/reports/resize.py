"""The report of `rfcalc resize SPEC`: the changes that reach the target, ranked, each with its diff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from rfcalc.designing.edits import DesignFigures, Edit, Task
from rfcalc.designing.patch import diff
from rfcalc.report.tables import Column, Json, Report, Table
from rfcalc.report.units import growth, joined, number, short
from rfcalc.reports.parts.contract import shape_data

if TYPE_CHECKING:
    from rfcalc.report.models.designs import ChangeData, ChangesData, DesignFiguresData

SHOWN = 8


def recommended(task: Task, changes: Sequence[Edit]) -> int:
    """The first change that covers the target, or the first."""
    return next((i for i, change in enumerate(changes) if task.covered(change.figures.field)), 0)


def changes_report(name: str, task: Task, base: DesignFigures, changes: Sequence[Edit], every: bool = False) -> Report:
    """The table of the changes, with notes, and all of it as data."""
    shown = changes if every else changes[:SHOWN]
    columns = (
        Column("number", "#", str),
        Column("change", "Change", str, ratio=1, wrap=True),
        Column("field", "RF", str, True),
        Column("off", "Off", lambda n: f"{n:+d} px" if n else "0 px", True),
        Column("macs", "MACs", short, True),
        Column("more", "+-", _percent, True),
        Column("params", "Params", short, True),
        Column("extra", "+-", _percent, True),
    )
    rows = [_row(i, task, base, change) for i, change in enumerate(shown)]
    table = Table("", columns, tuple(tuple(row[column.key] for column in columns) for row in rows))
    title = f"{name}: {base.layer} sees {base.field} pixels, and {task.target} are wanted"
    data = _data(task, base, changes)
    return Report(
        title, (table,) if rows else (), tuple(_notes(task, base, changes, len(shown))), _flat(task, base, changes), data
    )


def change_text(change: Edit, between: str = ", ") -> str:
    """A change in a line: "layer3: dilation 1 -> 2"."""
    parts = []
    for knob, value in change.values:
        what = f"{knob.where}: {knob.what}" if knob.where != "params" else f"param {knob.what}"
        parts.append(f"{what} {knob.value} -> {value}")
    return between.join(parts)


def diffs(task: Task, changes: Sequence[Edit], name: str, every: bool = False) -> Iterator[tuple[str, str]]:
    """A heading and the unified diff of each change that the table shows."""
    for i, change in enumerate(changes if every else changes[:SHOWN]):
        yield f"{i + 1}: {change_text(change)}", diff(task.text, change.text, name, name, 1)


def _row(index: int, task: Task, base: DesignFigures, change: Edit) -> dict[str, Json]:
    figures = change.figures
    return {
        "number": f"{index + 1}",
        "change": change_text(change, ",\n") + _aside(base, change),
        "field": figures.field,
        "off": figures.field - task.target,
        "macs": figures.macs,
        "more": figures.macs / max(1, base.macs) - 1,
        "params": figures.params,
        "extra": figures.params / max(1, base.params) - 1,
    }


def _aside(base: DesignFigures, change: Edit) -> str:
    """What the words of a change do not say: the layers that a param reaches, another stride or shape."""
    figures, parts = change.figures, change.figures.changed(base)
    said = {knob.where for knob, _ in change.values}
    more = [] if said.issuperset(parts) else [" ".join(parts[:4]) + (" ..." if len(parts) > 4 else "")]
    more += [f"stride {_stride(figures.stride)}"] if figures.stride != base.stride else []
    more += [str(figures.output)] if figures.output != base.output else []
    return f" ({', '.join(more)})" if more else ""


def _percent(share: float) -> str:
    """A growth: "+29.6 %", from ten times on "x12"; nothing for none."""
    if share >= 9:
        return f"x{share + 1:.0f}"
    return "" if abs(share) < 0.0005 else growth(share)


def _stride(stride: Sequence[Fraction]) -> str:
    return joined([float(x) for x in stride])


def _notes(task: Task, base: DesignFigures, changes: Sequence[Edit], shown: int) -> Iterator[tuple[str, str]]:
    now = f"field {base.field}, stride {_stride(base.stride)}, {short(base.macs, 'MACs')}, {base.params:,} parameters"
    yield "As it is", now
    if not changes:
        yield "Nothing to do", f"{base.layer} sees {task.target} pixels already"
        return
    best = changes[recommended(task, changes)]
    if abs(best.figures.field - task.target) > task.slack:
        yield "Out of reach", f"no change of one or two numbers comes within {task.slack} px; these are the nearest"
    else:
        yield "Recommended", f"number {changes.index(best) + 1}: {_why(task, base, changes, best)}"
    if not task.holes:
        yield "Holes", "no change opens holes in the field of any layer (--holes allows them)"
    if task.overrides:
        yield "Overrides", "those of -s and --input hold in these figures; -o does not write them"
    if shown < len(changes):
        count = len(changes) - shown
        yield "Not shown", f"{count} change{'s that cost' if count > 1 else ' that costs'} more (--all)"


def _why(task: Task, base: DesignFigures, changes: Sequence[Edit], best: Edit) -> str:
    """What is said for a change: that it costs least, of which."""
    which = ["cover the target"] if task.covered(best.figures.field) else []
    if not best.figures.moved(base) and any(change.figures.moved(base) for change in changes):
        which.append("keep the stride and the shape")
    return f"of those that {' and '.join(which)} it costs least" if which else "it costs least"


def _flat(task: Task, base: DesignFigures, changes: Sequence[Edit]) -> Table:
    keys = ("number", "change", "receptive_field", "error", "macs", "flops", "params")
    rows = tuple(
        (
            i + 1,
            change_text(c),
            c.figures.field,
            c.figures.field - task.target,
            c.figures.macs,
            2 * c.figures.macs,
            c.figures.params,
        )
        for i, c in enumerate(changes)
    )
    return Table("changes", tuple(Column(key, key) for key in keys), rows)


def _data(task: Task, base: DesignFigures, changes: Sequence[Edit]) -> ChangesData:
    best = recommended(task, changes) + 1 if changes else None
    return {
        "target": task.target,
        "aim": "receptive_field",
        "source": task.source,
        "current": _figures(task, base),
        "recommended": None if best is None else {"number": best},
        "changes": [_change(task, base, i, change) for i, change in enumerate(changes)],
    }


def _figures(task: Task, figures: DesignFigures) -> DesignFiguresData:
    return {
        "layer": figures.layer,
        "receptive_field": figures.field,
        "error": figures.field - task.target,
        "stride": [number(x) for x in figures.stride],
        "output": shape_data(figures.output),
        "macs": figures.macs,
        "flops": 2 * figures.macs,
        "params": figures.params,
    }


def _change(task: Task, base: DesignFigures, index: int, change: Edit) -> ChangeData:
    return {
        "number": index + 1,
        "values": [
            {"where": knob.where, "what": knob.what, "line": knob.line, "from": knob.value, "to": value}
            for knob, value in change.values
        ],
        **_figures(task, change.figures),
        "layers": change.figures.changed(base),
        "diff": diff(task.text, change.text, task.source, task.source),
    }
