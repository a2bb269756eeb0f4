"""The outcome of a run: what could not be read as findings, and the line that sums up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rfcalc.checks.codes import errors
from rfcalc.checks.folding import per_place
from rfcalc.checks.runner import explained
from rfcalc.checks.structure import times
from rfcalc.errors import MORE, Problem, SpecError
from rfcalc.record import replace
from rfcalc.report.findings import Explained, Finding, Outcome


class Unread:
    """What of a run could not be read: the specs that were asked for and failed, and the findings that say why."""

    def __init__(self, specs: Sequence[str] = ()) -> None:
        self.specs = tuple(specs)
        self.failed: dict[str, None] = {}
        self.findings: dict[tuple[object, ...], Finding] = {}

    @contextmanager
    def of(self, name: str, whole: bool = True) -> Iterator[None]:
        """Keeps the problems of a spec, or of a file beside it, instead of raising them; `whole`: a spec counts as unread.
        What holds for several specs, such as a revision that is unknown, is kept once."""
        try:
            yield
        except SpecError as error:
            if whole and name in self.specs:
                self.failed[name] = None
            for problem in error.problems:
                self.findings.setdefault((problem.code, problem.message, problem.span), _finding(problem, name))

    @property
    def summary(self) -> list[str]:
        """How many specs cannot be read, if some cannot."""
        if not self.findings:
            return []
        return [f"{len(self.failed)} of {times(len(self.specs), 'spec')} cannot be read" if self.failed else "incomplete", MORE]

    def beside(self, outcome: Outcome) -> Outcome:
        """An outcome of the specs that could be read, with what is wrong with the others."""
        findings = tuple(self.findings.values())
        if not findings:
            return outcome
        lines = [outcome.summary, "; ".join(self.summary)]
        data = {**(outcome.data or {}), "same": False}
        return replace(
            outcome,
            findings=(*findings, *outcome.findings),
            summary="\n".join(line for line in lines if line),
            cases=(*outcome.cases, *self.failed),
            codes=(*outcome.codes, *_met(findings)),
            data=data,
        )


def _finding(problem: Problem, name: str) -> Finding:
    source = problem.span.source if problem.span else name
    called = errors()[problem.code].name
    return Finding(problem.code, called, "error", problem.message, problem.hint, "", "", source, problem.span)


def _met(findings: Iterable[Finding]) -> list[Explained]:
    """The codes of errors that a run met."""
    known = errors()
    met = sorted({finding.code for finding in findings if finding.unread})
    return [Explained(code, known[code].name, known[code].means, "error") for code in met]


def checked(findings: Sequence[Finding], unread: Unread) -> Outcome:
    """The outcome of `check`."""
    folded = per_place(findings)
    every = (*unread.findings.values(), *folded)
    return Outcome("check", every, _summary(folded, unread), cases=unread.specs, codes=(*explained(), *_met(every)))


def _summary(findings: Sequence[Finding], unread: Unread) -> str:
    """One line: how many networks were checked, what was found, and how many specs could not be read."""
    count = len(unread.specs) - len(unread.failed)
    text = f"{times(count, 'network')} checked"
    if findings:
        severe = sum(finding.severity == "error" for finding in findings)
        kinds = [times(n, word) for n, word in ((severe, "error"), (len(findings) - severe, "warning")) if n]
        text = f"{' and '.join(kinds)} in {len({finding.case for finding in findings})} of {text}"
    elif count:
        text += ", no findings"
    return "; ".join([text, *(unread.summary or ([MORE] if findings else []))])
