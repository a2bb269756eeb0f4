"""`rfcalc lesson`: what the shipped lessons teach, shown by the commands themselves, each claim executed."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import sys
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer

from rfcalc.cli import complete
from rfcalc.cli.color import complain, screen

if TYPE_CHECKING:
    from rfcalc.checks.claims import Names
    from rfcalc.language.lessons import Lesson, LessonRun

MARKS = {True: "✓", False: "✗"}
WIDTH = 100  # of the text
# A lesson may come from anybody: its commands look, and neither write a file nor run code.
LOOKING = ("analyze", "check", "compare", "paths", "sizes", "transform")
WRITING = (
    "-o",
    "--output",
    "-f",
    "--format",
    "--force",
    "--png",
    "--mask-png",
    "--erf-map",
    "--write-baseline",
    "--weights",
    "--time",
)


def lesson(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", autocompletion=complete.lessons, help="A lesson that ships, or a spec with one."),
    ] = None,
) -> None:
    """The lessons that ship, one line each; with a NAME its text, its commands with what they print, and its claims, each of
    which is worked out. Ends with 1 if one does not hold.

    Examples:

      rfcalc lesson

      rfcalc lesson checkerboard
    """
    from rfcalc.importers import shipped
    from rfcalc.language.lessons import FOLDER
    from rfcalc.language.lessons import lesson as of

    if name is None:
        rows = [(each.removeprefix(FOLDER), line) for each, line in shipped() if each.startswith(FOLDER)]
        width = max((len(each) for each, _ in rows), default=0)
        print("\n".join(f"{each:<{width}}  {line}" for each, line in rows))
        return
    if not _taught(of(name), ctx):
        raise typer.Exit(1)


def _taught(found: Lesson, ctx: typer.Context) -> bool:
    """Prints a lesson; whether all that it claims is so."""
    print(f"{found.title}\n\n{_filled(found.text)}")
    first: Names = {}
    fine = True
    for run in found.runs:
        _allowed(run)
        print(f"\n> rfcalc {shlex.join(run.on(found.spec))}", flush=True)
        _called(ctx, run.on(found.spec))
        names = _answer(ctx, run, found.spec)
        first = first or names
        fine = _claims(run, {**names, "first": first}) and fine
    return fine


def _allowed(run: LessonRun) -> None:
    """Raises SpecError for a command that does more than look."""
    from rfcalc.errors import did_you_mean, fail
    from rfcalc.importers import is_program

    command, *words = run.words
    if command not in LOOKING:
        hint = did_you_mean(command, LOOKING) or f"it takes {', '.join(LOOKING)}"
        raise fail("E127", f"a lesson does not run {command}", run.mark.span, hint)
    for word in words:
        name = word.partition("=")[0] if word.startswith("--") else word[:2] if word.startswith("-") else ""
        if name in WRITING:
            raise fail("E127", f"a lesson writes no files and chooses no format: {name}", run.mark.span)
        if is_program(word):
            raise fail("E127", f"a lesson runs no code: {word}", run.mark.span)


def _filled(text: str, indent: str = "") -> str:
    """Paragraphs in lines that can be read."""
    width = min(screen(sys.stdout).width or WIDTH, WIDTH)
    return "\n\n".join(fill(part, width, subsequent_indent=indent) for part in text.split("\n"))


def _called(ctx: typer.Context, words: list[str]) -> None:
    """Runs a command, which may end with 1 where it finds something; one that cannot be run says why, and ends the lesson."""
    code = ctx.find_root().command.main(words, prog_name="rfcalc", standalone_mode=False)
    if code not in (None, 0, 1):
        raise typer.Exit(code)


def _answer(ctx: typer.Context, run: LessonRun, spec: str) -> Names:
    """The JSON of a run, as what its claims may name."""
    from rfcalc.checks.claims import names_of

    if not run.claims:
        return {}
    with contextlib.redirect_stdout(io.StringIO()) as out:
        _called(ctx, run.as_json(spec))
    return names_of(json.loads(out.getvalue()))


def _claims(run: LessonRun, names: Names) -> bool:
    """Prints the claims of a run, and of those that do not hold the figures; whether all do."""
    from rfcalc.checks.claims import figures, holds
    from rfcalc.errors import RuleError, fail

    fine = True
    for number, claim in enumerate(run.claims):
        try:
            true = holds(claim.that, names)
        except RuleError as error:
            raise fail("E127", f"that: {error}", claim.mark.span) from None
        print(("" if number else "\n") + _filled(f"{MARKS[true]} {claim.say}", "  "))
        if not true:
            span = claim.mark.span
            complain(f"{span.source}:{span.line}: does not hold: {claim.that}; {', '.join(figures(claim.that, names))}")
        fine = fine and true
    return fine
