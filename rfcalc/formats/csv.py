"""CSV: a line per layer, or whatever a command counts, with every figure as it is; the header once, however many networks."""

from __future__ import annotations

import csv
from io import StringIO

from rfcalc.formats.parts.screen import Screen
from rfcalc.report.tables import Answer


def render(answer: Answer, screen: Screen) -> str:
    """The flat tables of the reports, which have the same columns."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for i, report in enumerate(answer.reports):
        if not i:
            writer.writerow([column.key for column in report.flat.columns])
        writer.writerows(report.flat.rows)
    return out.getvalue().rstrip("\n")
