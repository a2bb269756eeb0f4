"""CSV: a line per layer, or whatever a command counts, with every figure as it is; the header once, however many networks."""

from __future__ import annotations

import csv
import re
from io import StringIO

from rfcalc.formats.parts.screen import Screen
from rfcalc.report.tables import Answer

FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d.])")  # at the beginning; numbers may have a sign


def render(answer: Answer, screen: Screen) -> str:
    """The flat tables of the reports, which have the same columns."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for i, report in enumerate(answer.reports):
        if not i:
            writer.writerow([column.key for column in report.flat.columns])
        writer.writerows([_cell(value) for value in row] for row in report.flat.rows)
    return out.getvalue().rstrip("\n")


def _cell(value: object) -> object:
    """A value that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and len(value) > 1 and FORMULA.match(value) else value
