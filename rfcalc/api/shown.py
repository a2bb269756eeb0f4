"""How an answer shows itself: as the table of its command, as the data of its JSON, and in a notebook."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any

from rfcalc.api.words import translated
from rfcalc.record import replace

if TYPE_CHECKING:
    from rfcalc.report.findings import Outcome
    from rfcalc.report.tables import Report


class Shown:
    """What a command reports."""

    def _report(self) -> Report:
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """What the command prints with --format json (docs/json.md), ready for json.dumps."""
        import json

        from rfcalc.version import HEAD

        found: dict[str, Any] = json.loads(json.dumps({**HEAD, **self._report().data}))
        return found

    def __str__(self) -> str:
        return as_text(self._report())

    def _repr_html_(self) -> str:
        from rfcalc.formats.parts.html import report_html

        report = self._report()
        return report_html(replace(report, notes=tuple((name, translated(text)) for name, text in report.notes)))

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None, **_: object
    ) -> Mapping[str, str]:
        """What a notebook shows: HTML, or the text of `repr`."""
        found = {"text/plain": repr(self), "text/html": self._repr_html_()}
        return {key: value for key, value in found.items() if (not include or key in include) and key not in (exclude or ())}


def as_text(report: Report) -> str:
    """A report as a command prints it into a pipe."""
    from rfcalc.formats import render
    from rfcalc.formats.parts.screen import Screen
    from rfcalc.report.tables import Answer

    return render("table", Answer((report,)), Screen())


class ShownOutcome:
    """What `check` or `diff` reports."""

    def _outcome(self) -> Outcome:
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """What the command prints with --format json (docs/json.md)."""
        import json

        from rfcalc.formats.findings import render

        found: dict[str, Any] = json.loads(render("json", self._outcome()))
        return found

    def __str__(self) -> str:
        from rfcalc.formats.findings import render

        return render("full", self._outcome())
