"""JSON Lines: each network is one object on one line, whether one was named or many; each problem is another one."""

from __future__ import annotations

import json
from collections.abc import Mapping

from rfcalc.errors import Problem
from rfcalc.formats.parts.screen import Screen
from rfcalc.report.models.parts import ErrorData, ProblemData
from rfcalc.report.tables import Answer
from rfcalc.version import HEAD


def render(answer: Answer, screen: Screen) -> str:
    """The object that `json` prints of each network, and then what is wrong with those that could not be read."""
    lines: list[Mapping[str, object]] = [report.data for report in answer.reports]
    lines += [ProblemData(error=_error(problem)) for problem in answer.problems]
    return "\n".join(json.dumps({**HEAD, **line}) for line in lines)


def _error(problem: Problem) -> ErrorData:
    span = problem.span
    return {
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
        "file": span.source if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
    }
