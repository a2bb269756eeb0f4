"""Runs the rules and the budgets over analysed networks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from rfcalc.analyses.network import Analysis
from rfcalc.checks.budget import broken
from rfcalc.checks.rules import rules
from rfcalc.checks.settings import Settings
from rfcalc.errors import Span
from rfcalc.language.budget import Limit
from rfcalc.language.published import Published
from rfcalc.report.findings import Explained, Finding

_IGNORE = re.compile(r"#\s*rfcalc:\s*ignore(?:\[([A-Z0-9,\s]*)\])?")

CHANGE = Explained("RF000", "change", "a layer differs from the one it is compared with", "note")
BUDGETS = (
    Explained("RF501", "budget", "a figure is outside its budget", "error"),
    Explained("RF502", "baseline", "a figure differs from the accepted baseline", "error"),
    Explained("RF503", "published", "a figure is not the one that is published", "error"),
)


def explained() -> tuple[Explained, ...]:
    """Every code that can be found, those of errors left out."""
    return (*(Explained(rule.code, rule.name, rule.summary, rule.severity) for rule in rules().values()), *BUDGETS, CHANGE)


def findings_of(
    analysis: Analysis, settings: Settings, extra: Sequence[Limit] = (), base: Analysis | None = None
) -> Iterator[Finding]:
    """What the rules, the limits and the published figures say of one network; limits on changes only if there is a base."""
    yield from lint(analysis, settings)
    yield from budget(analysis, settings, extra, base)
    yield from published(analysis, settings)


def lint(analysis: Analysis, settings: Settings) -> Iterator[Finding]:
    """What the rules say of one network, in the order of its lines."""
    findings = []
    for rule in rules().values():
        if not settings.wants(rule.code, rule.default):
            continue
        for hit in rule.find(analysis):
            span = _span(analysis, hit.layer)
            if not ignored(span, rule.code):
                severity = settings.severity_of(rule.code, rule.severity)
                findings.append(
                    _finding(analysis, rule.code, rule.name, severity, hit.message, hit.hint or rule.mend, hit.layer, span)
                )
    yield from sorted(findings, key=lambda finding: (finding.line, finding.column, finding.code))


def budget(analysis: Analysis, settings: Settings, extra: Sequence[Limit], base: Analysis | None = None) -> Iterator[Finding]:
    """The limits, from the spec, the settings and the flags, that a network does not keep."""
    if not settings.wants("RF501", True):
        return
    severity = settings.severity_of("RF501", "error")
    for one in broken(analysis, [*analysis.graph.stated("budget", ()), *settings.budget, *extra], base):
        place, hint = one.limit.span, ""
        if place is None:  # from an option, which stands on no line
            place, hint = _span(analysis, one.layer), f"{one.limit.name}: {one.limit.text}"
        yield _finding(analysis, "RF501", "budget", severity, one.message, hint, one.layer, place)


def published(analysis: Analysis, settings: Settings) -> Iterator[Finding]:
    """The figures that are not those that the spec says are published."""
    stated: Sequence[Published] = analysis.graph.stated("published", ())
    if not stated or not settings.wants("RF503", True):
        return
    severity = settings.severity_of("RF503", "error")
    for one in stated:
        parts = [layer for layer in analysis.every if one.is_for(layer.node)]
        figure = one.metric.of_layers(parts) if one.layer else one.metric.of_network(analysis)
        if figure is None or abs(figure - one.value) > one.within:
            message = f"{one.metric.text}: {_plain(figure)}, published are {one.text} ({one.source})"
            yield _finding(analysis, "RF503", "published", severity, message, "", one.layer, one.span)


def drift(analysis: Analysis, accepted: Mapping[str, float], settings: Settings, accept: str) -> Iterator[Finding]:
    """The figures that differ from an accepted baseline; `accept` is the command that accepts them."""
    from rfcalc.checks.lock import figures

    if not settings.wants("RF502", True):
        return
    for metric, value in figures(analysis).items():
        old = accepted.get(metric)
        if old != value:
            change = f" ({100 * (value - old) / old:+.1f} %)" if old and value is not None else ""
            message = f"{metric} is {_plain(value)}, the baseline says {_plain(old)}{change}"
            hint = f"accept it: {accept}"
            severity = settings.severity_of("RF502", "error")
            yield _finding(analysis, "RF502", "baseline", severity, message, hint, "", None)


def ignored(span: Span | None, code: str) -> bool:
    """True if the place's line says `# rfcalc: ignore` or `# rfcalc: ignore[CODE, ...]`."""
    match = _IGNORE.search(span.text) if span else None
    if not match:
        return False
    return match[1] is None or code in [part.strip() for part in match[1].split(",")]


def _plain(value: float | None) -> str:
    return "nothing" if value is None else f"{value:,.6g}" if value != int(value) else f"{int(value):,}"


def _span(analysis: Analysis, layer: str) -> Span | None:
    index = analysis.graph.by_name.get(layer)
    return None if index is None else analysis.graph.nodes[index].span


def _finding(
    analysis: Analysis, code: str, name: str, severity: str, message: str, hint: str, layer: str, span: Span | None
) -> Finding:
    graph = analysis.graph
    source = span.source if span else graph.source
    return Finding(code, name, severity, message, hint, graph.name, layer, source, span, spec=graph.source)
