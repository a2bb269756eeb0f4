"""Networks beside each other: compare, diff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rfcalc.analyses import comparison as room
from rfcalc.api.analysis import analyses_of, analysis_of
from rfcalc.api.shown import Shown, ShownOutcome
from rfcalc.api.sources import several
from rfcalc.checks import compare as difference

if TYPE_CHECKING:
    from rfcalc.api.sources import Source
    from rfcalc.api.words import Size
    from rfcalc.report.findings import Outcome
    from rfcalc.report.tables import Report


class Comparison(Shown, room.Comparison):
    """Networks side by side, a row each; `by("macs")` sorts them, `best` are those that no other one beats."""

    def _report(self) -> Report:
        from rfcalc.reports.compare import comparison_report

        return comparison_report(self)


class Difference(ShownOutcome, difference.Difference):
    """What changed from one network to another: `same`, `summary`, `totals`, `changes`; str is what the command prints."""

    def _outcome(self) -> Outcome:
        from rfcalc.reports.diff import diff_outcome

        return diff_outcome([self])

    def __repr__(self) -> str:
        return f"<Difference of {self.old.graph.name} and {self.new.graph.name}: {self.summary}>"


def compare(
    sources: Sequence[Source] | Mapping[str, Source] | Source,
    input: Size | None = None,
    *,
    against: str | int | None = None,
    unknown: str = "error",
) -> Comparison:
    """Networks side by side: parameters, MACs, memory, field, stride, effective field.

    `sources`: a list of what `load` takes, with folders and patterns for their files; or a dict of names and networks.
    `against`: the one that the changes of the others are counted from, by its name or its place. Raises SpecError with all
    that is wrong with any of them; KeyError for an `against` that is not among them.
    """
    if isinstance(input, str) and not input[:1].isdigit() and "=" not in input:
        raise TypeError("compare takes its networks in a list: compare([one, other])")
    named = _named(sources)
    if not named:
        raise TypeError("compare takes a list of networks, and this one is empty")
    analyses = analyses_of([source for _, source in named], input, unknown=unknown, erf=True)
    found = room.comparison([(name or one.graph.name, one) for (name, _), one in zip(named, analyses, strict=True)])
    if against is not None:
        found = found.against_row(against)
    return Comparison(found.rows, found.against)


def diff(old: Source, new: Source, input: Size | None = None, *, unknown: str = "error", **params: object) -> Difference:
    """What changed between two networks: `rfcalc diff`. `input`, `unknown` and `params` are those of `load`, for both.
    Raises SpecError."""
    before, after = (analysis_of(source, input, params, unknown=unknown) for source in (old, new))
    found = difference.compare(before, after)
    return Difference(found.old, found.new, found.totals, found.changes)


def _named(sources: Sequence[Source] | Mapping[str, Source] | Source) -> list[tuple[str, Source]]:
    """Networks with the names that were given to them; "" for their own."""
    if isinstance(sources, Mapping) and not {"layers", "extends"} & sources.keys():
        return [(str(name), source) for name, source in sources.items()]
    return [("", source) for source in several(sources)]
