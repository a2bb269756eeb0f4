"""`rfcalc diff`: what changed between two networks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rfcalc.cli.common import Given, choice, networks, usage
from rfcalc.cli.findings import Base, Format, detected, emit

if TYPE_CHECKING:
    from rfcalc.checks.compare import Difference
    from rfcalc.report.findings import Outcome


@networks
def diff(
    specs: Annotated[list[str], typer.Argument(metavar="OLD NEW", help="Two specs; with --base or --baseline any number.")],
    format: Format = None,
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
    from rfcalc.reports.diff import diff_outcome

    name = choice(format or detected(), FORMATS, "--format")
    if base and baseline:
        raise usage("--base and --baseline exclude each other")
    outcome = _against_baseline(specs, Path(baseline), given) if baseline else diff_outcome(_pairs(specs, base, given))
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


def _against_baseline(specs: list[str], lock: Path, given: Given) -> Outcome:
    from rfcalc.analyses.network import analyze
    from rfcalc.checks.lock import read
    from rfcalc.reports.diff import baseline_outcome

    accepted = read(lock)
    return baseline_outcome({spec: analyze(given.load(spec, *specs)) for spec in specs}, accepted, lock)
