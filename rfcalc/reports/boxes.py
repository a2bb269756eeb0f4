"""What the objects of a data set say about the target: their distribution, and the sizes that they propose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rfcalc.designing.boxes import RULES, ObjectSizes
from rfcalc.record import replace
from rfcalc.report.tables import Column, Report, Table
from rfcalc.report.units import times

if TYPE_CHECKING:
    from rfcalc.report.models.designs import DatasetData

BAR = 30
PROPOSED = (0.5, 0.9)


def with_sizes(report: Report, sizes: ObjectSizes, path: str, size: Sequence[int], target: int) -> Report:
    """A report with the histogram of the objects before its tables, and the proposed targets among its notes and data."""
    steps = sizes.histogram()
    most = max(count for *_, count in steps)
    columns = (
        Column("from", "Longer side", lambda step: f"{step[0]:g} to {step[1]:g} px"),
        Column("count", "Objects", lambda n: f"{n:,}", True),
        Column("bar", "", lambda share: "█" * round(BAR * share) or ("▏" if share else "")),
    )
    rows = tuple(((low, high), count, count / most) for low, high, count in steps)
    table = Table("", columns, rows)
    quantiles = ", ".join(f"{name(share)} {round(sizes.quantile(share))}" for share in PROPOSED)
    notes = [("Objects", f"longer sides: {quantiles}, largest {sizes.values[-1]:.0f} pixels; the target is {target}")]
    notes.append(("Resized", RULES[sizes.rule] + _left(sizes.left_out)))
    data: DatasetData = {
        "objects": len(sizes.values),
        "left_out": sizes.left_out,
        "resize": sizes.rule,
        "median": round(sizes.quantile(0.5), 3),
        "p90": round(sizes.quantile(0.9), 3),
        "largest": round(sizes.values[-1], 3),
        "histogram": [{"from": round(a, 3), "to": round(b, 3), "objects": n} for a, b, n in steps],
    }
    tables = (table, *(replace(main, title=main.title or report.title) for main in report.tables))
    title = f"{len(sizes.values):,} objects of {path} at {times(size)} pixels"
    return replace(report, title=title, tables=tables, notes=(*notes, *report.notes), data={**report.data, "dataset": data})


def _left(count: int) -> str:
    return f"; {count:,} box{'es' if count > 1 else ''} without area left out" if count else ""


def name(share: float) -> str:
    """A quantile's name: median, p90."""
    return "median" if share == 0.5 else f"p{share * 100:g}"
