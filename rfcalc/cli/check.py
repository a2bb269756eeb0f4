"""`rfcalc check`: rules and budgets, for people and for CI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rfcalc.cli import complete
from rfcalc.cli.budgets import budgets
from rfcalc.cli.common import SEVERAL, LoadOptions, Optimizer, networks, optimizer_of, uncollected, usage
from rfcalc.cli.declared import Context, argument, option
from rfcalc.cli.findings import Base, Format, emit, read_all, spell_out, targets
from rfcalc.cli.writing import place
from rfcalc.errors import RuleError
from rfcalc.language.budget import Limit

if TYPE_CHECKING:
    from rfcalc.analyses.network import Analysis
    from rfcalc.checks.settings import Settings
    from rfcalc.report.findings import Finding
    from rfcalc.reports.check import Unread


NOTHING = (
    'say what to check: "rfcalc check net.yaml", "rfcalc check models/", or include = ["models"] below [tool.rfcalc] in '
    "pyproject.toml (or in rfcalc.toml) and then rfcalc check alone"
)


@networks
@budgets
def check(
    ctx: Context,
    specs: Annotated[
        list[str] | None,
        argument(metavar="[SPEC...]", help=f"{SEVERAL} Without any, what the settings include.", autocompletion=complete.specs),
    ] = None,
    format: Format = None,
    select: Annotated[
        str | None,
        option(
            metavar="CODE,...",
            autocompletion=complete.codes,
            help="Only these codes, or their beginnings: RF2,RF301. ALL adds the opt-in ones.",
        ),
    ] = None,
    ignore: Annotated[
        str | None, option(metavar="CODE,...", autocompletion=complete.codes, help="All but these codes.")
    ] = None,
    base: Base = None,
    baseline: Annotated[
        str | None, option(metavar="FILE", help="The accepted figures; rfcalc.lock.json if it is there.")
    ] = None,
    optimizer: Optimizer = None,
    write_baseline: Annotated[bool, option("--write-baseline", help="Accept the figures as they are now.")] = False,
    *,
    bounds: list[Limit],
    given: LoadOptions,
) -> None:
    """Lint designs and hold them to their budgets. Exit code 0: fine, 1: findings, 2: a bad spec or bad usage.

    Budgets stand in the spec (budget:), in \\[tool.rfcalc] of pyproject.toml, or in these flags. A comment
    "# rfcalc: ignore[RF201]" on a layer's line silences a rule there; "rfcalc explain RF201" says what it means.

    Examples:

      rfcalc check models/

      rfcalc check net.yaml --max-macs 4.2G --max-params 26M --min-rf 400

      rfcalc check net.yaml --format github --format sarif=rfcalc.sarif
    """
    from shlex import join

    from rfcalc.reports.check import Unread, checked

    wanted, trained, given = targets(format), optimizer_of(optimizer), given.careful
    unread = Unread()
    with unread.of("the settings"):
        settings = _settings(select, ignore)
    if unread.findings:
        emit(checked([], unread), wanted)
        return
    lock = _lock_path(baseline, settings)
    unread.specs = tuple(dict.fromkeys(specs or settings.included))
    if not unread.specs:
        raise usage(NOTHING)
    spell_out(unread, settings.leaves_out)
    accept = join(["rfcalc", "check", "--write-baseline", *(word for word in ctx.obj[1:] if word != "--write-baseline")])
    with uncollected():
        analyses = list(read_all(unread, given, trained).values())
        if write_baseline:
            if not unread.findings:
                _write(analyses, lock)
                return
            findings: list[Finding] = []
        else:
            kept = lock if baseline or lock.exists() else None
            findings = _findings(analyses, settings, bounds, base, kept, accept, given, unread)
    emit(checked(findings, unread), wanted)
    if findings:
        raise SystemExit(1)


def _settings(select: str | None, ignore: str | None) -> Settings:
    from rfcalc.checks.settings import narrowed, read

    settings = read(Path.cwd())
    for codes, word in (([_codes(select), ()], "--select"), ([(), _codes(ignore)], "--ignore")):
        try:
            settings = narrowed(settings, *codes)
        except RuleError as error:
            raise usage(f"{word}: {error}") from None
    return settings


def _codes(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _lock_path(baseline: str | None, settings: Settings) -> Path:
    from rfcalc.checks.lock import NAME

    return Path(baseline or settings.baseline or NAME)


def _write(analyses: list[Analysis], lock: Path) -> None:
    """Writes the baseline; networks that are not among these keep their entries."""
    from rfcalc.checks.lock import figures, key, read, text

    entries: dict[str, dict[str, float | None]] = dict(read(lock)) if lock.exists() else {}  # type: ignore[arg-type]
    entries.update({key(analysis, lock.resolve().parent): figures(analysis) for analysis in analyses})
    place(str(lock), text(entries), force=True)
    print(f"{lock}: the figures of {len(analyses)} network{'s' if len(analyses) != 1 else ''} are accepted")


def _findings(
    analyses: list[Analysis],
    settings: Settings,
    bounds: list[Limit],
    base: str | None,
    lock: Path | None,
    accept: str,
    given: LoadOptions,
    unread: Unread,
) -> list[Finding]:
    from rfcalc.analyses.network import analyze
    from rfcalc.checks.lock import key, read
    from rfcalc.checks.revision import load_at
    from rfcalc.checks.runner import drift, findings_of

    accepted: dict[str, dict[str, float]] = {}
    with unread.of(str(lock)):
        accepted = read(lock, accept) if lock else {}
    findings: list[Finding] = []
    for analysis in analyses:
        source = analysis.graph.source
        mine = settings.of(source)
        old = None
        with unread.of(source, whole=False):
            old = load_at(source, base, given.load) if base else None
        findings += findings_of(analysis, mine, bounds, analyze(old) if old else None)
        entry = accepted.get(key(analysis, lock.resolve().parent)) if lock else None
        if entry is not None:
            findings += drift(analysis, entry, mine, accept)
    return findings
