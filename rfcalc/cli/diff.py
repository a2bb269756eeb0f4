"""`rfcalc diff`: what changed between two networks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rfcalc.cli.check import FORMAT_HELP, Base, detected, emit
from rfcalc.cli.common import Given, choice, networks, usage

if TYPE_CHECKING:
    from rfcalc.checks.compare import Difference
    from rfcalc.report.findings import Finding, Outcome
    from rfcalc.report.tables import Table


@networks
def diff(
    specs: Annotated[list[str], typer.Argument(metavar="OLD NEW", help="Two specs; with --base or --baseline any number.")],
    format: Annotated[str | None, typer.Option("--format", "-f", help=FORMAT_HELP)] = None,
    base: Base = None,
    baseline: Annotated[str | None, typer.Option(metavar="FILE", help="Compare with the figures of a baseline file.")] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 1 if something changed, as git diff does.")] = False,
    *,
    given: Given,
) -> None:
    """Totals, then the layers that changed, then one line.

    Examples:

      rfcalc diff old.yaml new.yaml

      rfcalc diff net.yaml --base origin/main --exit-code

      rfcalc diff configs/*.yaml --baseline rfcalc.lock.json
    """
    from rfcalc.formats.findings import FORMATS

    name = choice(format or detected(), FORMATS, "--format")
    if base and baseline:
        raise usage("--base and --baseline exclude each other")
    outcome = _against_baseline(specs, Path(baseline), given) if baseline else _outcome(_pairs(specs, base, given))
    emit(outcome, name)
    if exit_code and not (outcome.data or {}).get("same", True):
        raise typer.Exit(1)


def _pairs(specs: list[str], base: str | None, given: Given) -> list[Difference | str]:
    """The differences; a text for a spec that has nothing to be compared with."""
    from rfcalc.analyses.network import analyze
    from rfcalc.checks.compare import compare
    from rfcalc.checks.revision import load_at

    if base is None:
        if len(specs) != 2:
            raise usage(f"diff takes two specs, not {len(specs)}; with --base any number")
        old, new = (analyze(given.load(spec, *specs)) for spec in specs)
        return [compare(old, new)]
    found: list[Difference | str] = []
    for spec in specs:
        before = load_at(spec, base, given.load)
        now = analyze(given.load(spec, *specs))
        found.append(compare(analyze(before), now) if before else f"{spec}: new since {base}")
    return found


def _outcome(differences: list[Difference | str]) -> Outcome:
    from rfcalc.checks.compare import data, tables
    from rfcalc.report.findings import Outcome

    parts: list[Table] = []
    lines: list[str] = []
    entries: list[dict[str, object]] = []
    findings: list[Finding] = []
    many = len(differences) > 1
    for one in differences:
        if isinstance(one, str):
            lines.append(one)
            entries.append({"summary": one, "same": False})
            continue
        title = one.new.graph.source if many else ""
        parts += tables(one, title) if not one.same else ()
        lines.append(f"{one.new.graph.source}: {one.summary}" if many else one.summary)
        entries.append(data(one))
        findings += _notes(one)
    same = all(entry["same"] for entry in entries)
    cases = tuple(one.new.graph.source for one in differences if not isinstance(one, str))
    return Outcome("diff", tuple(findings), "\n".join(lines), tuple(parts), cases, data={"same": same, "differences": entries})


def _notes(difference: Difference) -> list[Finding]:
    """The changed layers as notes, for the formats that annotate files."""
    from rfcalc.report.findings import Finding

    found = []
    for change in difference.changes:
        layer = change.new or change.old
        span = change.new.node.span if change.new else None
        graph = difference.new.graph
        if layer:
            source = span.source if span else graph.source
            found.append(Finding("RF000", change.kind, "note", change.what, "", graph.name, change.name, source, span))
    return found


def _against_baseline(specs: list[str], lock: Path, given: Given) -> Outcome:
    from rfcalc.analyses.network import analyze
    from rfcalc.checks.lock import figures, key, read
    from rfcalc.report.findings import Outcome
    from rfcalc.report.tables import Column, Table

    accepted = read(lock)
    parts, lines, entries = [], [], []
    for spec in specs:
        analysis = analyze(given.load(spec, *specs))
        old = accepted.get(key(analysis, lock.resolve().parent))
        new = figures(analysis)
        if old is None:
            lines.append(f"{spec}: not in {lock}")
            entries.append({"new": spec, "same": False})
            continue
        rows = [
            (metric, old.get(metric), new.get(metric)) for metric in sorted({*old, *new}) if old.get(metric) != new.get(metric)
        ]
        columns = (Column("metric", "Figure"), Column("old", "accepted", _plain, True), Column("new", "now", _plain, True))
        if rows:
            parts.append(Table(spec if len(specs) > 1 else "", columns, tuple(rows)))
        lines.append(f"{spec}: {len(rows)} figure{'s' if len(rows) != 1 else ''} changed" if rows else f"{spec}: no change")
        entries.append({"new": spec, "same": not rows, "figures": {m: {"old": a, "new": b} for m, a, b in rows}})
    same = all(entry["same"] for entry in entries)
    return Outcome("diff", (), "\n".join(lines), tuple(parts), tuple(specs), data={"same": same, "differences": entries})


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:,}"
