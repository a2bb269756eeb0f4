"""One finding per place: what a repeat, a block or several networks say of one place of a spec is said once."""

from __future__ import annotations

from collections.abc import Iterable

from rfcalc.record import replace
from rfcalc.report.findings import Finding


def per_place(findings: Iterable[Finding]) -> list[Finding]:
    """Findings of one code at one place as the first of them, with all its layers; one that has no place stays as it is.

    A layer that breaks a code twice keeps both; what several networks say of one limit stays apart.
    """
    groups: dict[tuple[object, ...], list[Finding]] = {}
    times: dict[tuple[object, ...], int] = {}
    for finding in findings:
        if finding.span is None or not finding.layer:
            groups[(id(finding),)] = [finding]
            continue
        whose = (finding.case, finding.hint) if finding.code == "RF501" else ()  # a figure is one network's own
        key = (finding.code, finding.name, finding.severity, finding.source, finding.line, finding.column, whose)
        again = (*key, finding.network, finding.layer)
        times[again] = times.get(again, 0) + 1
        groups.setdefault((*key, times[again]), []).append(finding)
    return [_folded(group) for group in groups.values()]


def _folded(group: list[Finding]) -> Finding:
    return replace(group[0], layers=tuple(dict.fromkeys(finding.layer for finding in group if finding.layer)))
