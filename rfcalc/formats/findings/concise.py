"""One line per finding, as compilers print them; editors and grep read it."""

from __future__ import annotations

from rfcalc.report.findings import Outcome


def render(outcome: Outcome) -> str:
    """file:line:column: CODE message, and the summary."""
    return "\n".join([*(f"{f.place}: {f.code} {f.text}" for f in outcome.findings), outcome.summary])
