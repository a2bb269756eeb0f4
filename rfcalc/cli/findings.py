"""What `check` and `diff` share: the formats, and where each goes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from rfcalc.cli import complete
from rfcalc.cli.color import complain, hush, screen
from rfcalc.cli.common import LoadOptions, choice, finish, spelled_out, usage
from rfcalc.cli.declared import option
from rfcalc.cli.writing import place
from rfcalc.errors import SpecError
from rfcalc.progress import each
from rfcalc.record import record

if TYPE_CHECKING:
    from rfcalc.analyses.network import Analysis
    from rfcalc.report.findings import Outcome
    from rfcalc.reports.check import Unread

HELP = (
    "full, concise, json, markdown, github, gitlab, sarif or junit; FORMAT=FILE writes a file, and can be given several "
    "times beside the one for standard output (full, or github under GitHub Actions)."
)
Format = Annotated[
    list[str] | None, option("--format", "-f", metavar="FORMAT[=FILE]", help=HELP, autocompletion=complete.findings)
]
Base = Annotated[str | None, option("--base", metavar="REV", help="Compare each spec with this git revision of it.")]
PROGRAMS = ("json", "gitlab", "sarif", "junit")


@record
class Targets:
    """The format of standard output, and the files with theirs."""

    shown: str
    files: tuple[tuple[str, str], ...] = ()


def targets(given: list[str] | None) -> Targets:
    """What `--format` asks for; raises a usage error."""
    from rfcalc.formats.findings import FORMATS

    shown: list[str] = []
    files: dict[str, str] = {}
    for text in given or ():
        name, sign, path = text.partition("=")
        choice(name, FORMATS, "--format")
        if sign and not path:
            raise usage(f"--format {text} names no file")
        if path in files:
            raise usage(f"--format names {path} twice")
        if sign and path != "-":
            files[path] = name
        else:
            shown.append(name)
    if len(shown) > 1:
        raise usage(f"standard output has one format, not {' and '.join(shown)}; write others to files: {shown[1]}=FILE")
    usual = "github" if os.environ.get("GITHUB_ACTIONS") == "true" else "full"
    return Targets(shown[0] if shown else usual, tuple((name, path) for path, name in files.items()))


def spell_out(unread: Unread, left_out: Callable[[str], bool] = lambda _: False) -> None:
    """Puts the files that folders and patterns stand for in their place among the specs; `unread` keeps those without any."""
    files: dict[str, None] = {}
    for word in unread.specs:
        names: tuple[str, ...] = (word,)
        with unread.of(word):
            names = spelled_out(word, left_out)
        files |= dict.fromkeys(names)
    unread.specs = tuple(files)


def read_all(unread: Unread, given: LoadOptions, optimizer: str = "") -> dict[str, Analysis]:
    """The networks that can be read, by their specs; `unread` keeps what is wrong with the others."""
    from rfcalc.analyses.network import analyze

    found = {}
    for spec in each("checking", unread.specs):
        if spec in unread.failed:
            continue
        with unread.of(spec):
            found[spec] = analyze(given.load(spec, *unread.specs), optimizer=optimizer)
    return found


def emit(outcome: Outcome, wanted: Targets) -> None:
    """Writes the files, then standard output; ends with exit code 2 if something could not be read or written. Where
    standard output is for a program, errors are on standard error too."""
    from rfcalc.formats.findings import render

    failed = []
    for name, path in wanted.files:
        try:
            place(path, render(name, outcome) + "\n", force=True)
        except SpecError as error:
            failed.append(error)
    _summarize(outcome)
    hush()
    sys.stdout.write(render(wanted.shown, outcome, screen(sys.stdout)) + "\n")
    if not outcome.complete and wanted.shown in PROGRAMS:
        unread = tuple(finding for finding in outcome.findings if finding.unread)
        complain("\n".join(finding.headline for finding in unread))
    finish(failed)
    if not outcome.complete:
        raise SystemExit(2)


def _summarize(outcome: Outcome) -> None:
    """Under GitHub Actions the job's summary gets the Markdown."""
    from rfcalc.formats.findings import render

    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary and os.environ.get("GITHUB_ACTIONS") == "true":
        try:
            with open(summary, "a", encoding="utf-8") as file:
                file.write(render("markdown", outcome) + "\n")
        except OSError as error:
            complain(f"warning: cannot write the job summary: {error}")
