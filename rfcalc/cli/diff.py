"""`rfcalc diff`: what changed between two networks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rfcalc.cli import complete
from rfcalc.cli.common import LoadOptions, networks, usage
from rfcalc.cli.declared import argument, option
from rfcalc.cli.findings import Base, Format, emit, read_all, spell_out, targets

if TYPE_CHECKING:
    from rfcalc.checks.compare import Difference
    from rfcalc.report.findings import Outcome
    from rfcalc.reports.check import Unread


@networks
def diff(
    specs: Annotated[
        list[str],
        argument(metavar="OLD NEW", autocompletion=complete.specs, help="Two specs; with --base or --baseline any number."),
    ],
    format: Format = None,
    base: Base = None,
    baseline: Annotated[str | None, option(metavar="FILE", help="Compare with the figures of a baseline file.")] = None,
    exit_code: Annotated[bool, option("--exit-code", help="End with 1 if something changed, as git diff does.")] = False,
    *,
    given: LoadOptions,
) -> None:
    """Totals, then the layers that changed, then one line.

    Examples:

      rfcalc diff old.yaml new.yaml

      rfcalc diff net.yaml --base origin/main --exit-code

      rfcalc diff configs/*.yaml --baseline rfcalc.lock.json
    """
    from rfcalc.reports.check import Unread
    from rfcalc.reports.diff import diff_outcome

    wanted, given = targets(format), given.careful
    if base and baseline:
        raise usage("--base and --baseline exclude each other")
    unread = Unread(tuple(dict.fromkeys(specs)))
    spell_out(unread)
    files = [*specs] if len(specs) == 2 and unread.specs == tuple(dict.fromkeys(specs)) else [*unread.specs]
    if not base and not baseline and len(files) != 2 and not unread.failed:
        raise usage(f"diff takes two specs, not {len(files)}; with --base any number")
    lock = Path(baseline) if baseline else None
    outcome = _against_baseline(lock, given, unread) if lock else diff_outcome(_pairs(files, base, given, unread))
    outcome = unread.beside(outcome)
    emit(outcome, wanted)
    if exit_code and not (outcome.data or {}).get("same", True):
        raise SystemExit(1)


def _pairs(specs: list[str], base: str | None, given: LoadOptions, unread: Unread) -> list[Difference | str]:
    """The differences; a text for a spec that has nothing to be compared with."""
    from rfcalc.analyses.network import analyze
    from rfcalc.checks.compare import compare
    from rfcalc.checks.revision import load_at

    now = read_all(unread, given)
    if base is None:
        return [compare(now[specs[0]], now[specs[1]])] if not unread.failed else []
    differences: list[Difference | str] = []
    for spec, new in now.items():
        with unread.of(spec, whole=False):
            before = load_at(spec, base, given.load)
            differences.append(compare(analyze(before), new) if before else f"{spec}: new since {base}")
    return differences


def _against_baseline(lock: Path, given: LoadOptions, unread: Unread) -> Outcome:
    from rfcalc.checks.lock import read
    from rfcalc.reports.diff import baseline_outcome

    with unread.of(str(lock)):
        accepted = read(lock)
        return baseline_outcome(read_all(unread, given), accepted, lock)
    return baseline_outcome({}, {}, lock)
