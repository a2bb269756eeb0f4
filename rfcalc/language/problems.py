"""The problems of one spec, collected while reading goes on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from rfcalc.errors import Problem, RuleError, Span, SpecError
from rfcalc.language.limits import MOST_PROBLEMS
from rfcalc.language.marked import Marked


class KnownError(RuleError):
    """Something depends on a value whose problem is reported already; nothing is to be added."""


class Problems:
    """Each problem once; raises SpecError when there are too many to be worth reading on."""

    def __init__(self, found: Iterable[Problem] = ()) -> None:
        self.found = dict.fromkeys(found)

    def add(self, code: str, message: str, place: Marked | Span | None = None, hint: str = "") -> None:
        """Keeps a problem."""
        span = place.span if isinstance(place, Marked) else place
        self.found[Problem(code, message, span, hint)] = None
        if len(self.found) >= MOST_PROBLEMS:
            self.found[Problem("E099", f"{MOST_PROBLEMS} problems; the rest is not read")] = None
            self.stop()

    def rule(self, code: str, prefix: str, error: RuleError, place: Marked | Span | None, hint: str = "") -> None:
        """Keeps a broken rule, unless it only follows from a problem that is known."""
        if not isinstance(error, KnownError):
            self.add(code, prefix + str(error), place, hint)

    def stop(self) -> NoReturn:
        """Raises SpecError with the problems in the order of their lines."""
        raise SpecError(sorted(self.found, key=_place))


def _place(problem: Problem) -> tuple[bool, str, int, int]:
    span = problem.span
    return (span is None, span.source, span.line, span.column) if span else (True, "", 0, 0)
