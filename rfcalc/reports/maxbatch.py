"""The report of `rfcalc max-batch`: the largest batch, and the tries behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rfcalc.backends.timing.cases import Case
from rfcalc.backends.timing.maxbatch import Found
from rfcalc.backends.torch.subject import Subject
from rfcalc.report.tables import Column, Report, Table
from rfcalc.report.units import percent, short

if TYPE_CHECKING:
    from rfcalc.report.models.timing import MaxBatchData


def max_batch_report(subject: Subject, case: Case, found: Found, budget: int, reserve: float) -> Report:
    """The answer and the tries behind it."""
    columns = (
        Column("batch", "Batch", right=True),
        Column("bytes", "Memory", lambda n: "ran out" if n is None else short(n, "B"), True),
        Column("fits", "Fits", lambda fits: "yes" if fits else "no"),
    )
    rows = tuple((batch, taken, taken is not None and taken <= budget) for batch, taken in found.tries)
    edge = f"; {found.fails:,} does not" if found.fails else "; larger ones were not tried"
    text = f"{found.batch:,} fits{edge}" if found.batch else "not even batch 1 fits"
    graph = subject.graph
    how = "run on the GPU" if case.cuda else "counted on tensors without memory; kernels' own workspaces are not in it"
    notes = (
        *([("Runs", subject.remark)] if subject.remark else ()),
        ("Largest batch", f"{text} (predicted by the analysis: {found.predicted:,})"),
        ("Budget", f"{short(budget, 'B')} of memory" + (f", {percent(reserve, 0)} kept back" if reserve else "")),
        ("Tries", how),
        *(
            ("Otherwise", f"batch {batch:,} failed for another reason than memory: {why}")
            for batch, why in found.otherwise.items()
        ),
    )
    data: MaxBatchData = {
        "name": graph.name,
        "runs": subject.runs,
        "device": case.device,
        "dtype": case.dtype,
        "batch": found.batch,
        "fails": found.fails,
        "predicted": found.predicted,
        "budget_bytes": budget,
        "tries": [{"batch": batch, "bytes": taken, "fits": fits} for batch, taken, fits in rows],
    }
    title = f"{graph.name}: largest batch at inference, {case.dtype} on {case.device}"
    return Report(title, (Table("", columns, rows),), notes, Table("", columns, rows), data)
