"""One line per finding, as compilers print them; editors and grep read it."""

from __future__ import annotations

from rfcalc.report.findings import Outcome


def render(outcome: Outcome) -> str:
    """file:line:column: severity CODE: message, and the summary."""
    return "\n".join([*(finding.headline for finding in outcome.findings), outcome.summary])
