"""One line per finding, as compilers print them; editors and grep read it."""

from __future__ import annotations

from rfcalc.formats.parts.messages import painted
from rfcalc.formats.parts.screen import Screen
from rfcalc.report.findings import Outcome


def render(outcome: Outcome, screen: Screen) -> str:
    """file:line:column: severity CODE: message, and the summary."""
    return "\n".join([*(painted(finding.headline, screen) for finding in outcome.findings), outcome.summary])
