"""CSV: one line per layer with every figure as it is; several networks get a first column with their name."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO

from rfcalc.formats.parts.screen import Screen
from rfcalc.report.tables import Report


def render(reports: Sequence[Report], screen: Screen) -> str:
    """The flat tables of the reports."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    many = len(reports) > 1
    writer.writerow((["network"] if many else []) + [column.key for column in reports[0].flat.columns])
    for report in reports:
        for row in report.flat.rows:
            writer.writerow(([report.flat.title] if many else []) + list(row))
    return out.getvalue().rstrip("\n")
