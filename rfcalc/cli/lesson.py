"""`rfcalc lesson`: what the shipped lessons teach, shown by the commands themselves, each claim executed."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import sys
from collections.abc import Iterator
from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rfcalc.cli import complete
from rfcalc.cli.color import complain, screen
from rfcalc.cli.common import choice
from rfcalc.cli.declared import argument, option
from rfcalc.record import replace

if TYPE_CHECKING:
    from rfcalc.language.lessons import Claim, Lesson, LessonRun
    from rfcalc.report.models.lesson import ClaimData, LessonData, LessonRunData

Answer = dict[str, Any]  # of JSON
USAGE: Any = typer.BadParameter.__base__  # what every mistake in the words of a command is
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
        argument(metavar="[NAME]", autocompletion=complete.lessons, help="A lesson that ships, or a spec with one."),
    ] = None,
    format: Annotated[str, option("--format", "-f", metavar="FORMAT", help="text or json.")] = "text",
) -> None:
    """The lessons that ship, one line each; with a NAME its text, its commands with what they print, and its claims, each of
    which is worked out. Ends with 1 if one does not hold.

    Examples:

      rfcalc lesson

      rfcalc lesson checkerboard

      rfcalc lesson checkerboard --format json
    """
    from rfcalc.importers import shipped
    from rfcalc.language.lessons import FOLDER
    from rfcalc.language.lessons import lesson as of

    choice(format, ("text", "json"), "--format")
    if name is None:
        rows = [(each.removeprefix(FOLDER), line) for each, line in shipped() if each.startswith(FOLDER)]
        if format == "json":
            print(json.dumps([{"name": each, "title": line} for each, line in rows], indent=2))
            return
        width = max((len(each) for each, _ in rows), default=0)
        print("\n".join(f"{each:<{width}}  {line}" for each, line in rows))
        return
    shown = _taught if format == "text" else _written
    if not shown(of(name), ctx):
        raise SystemExit(1)


def _taught(found: Lesson, ctx: typer.Context) -> bool:
    """Prints a lesson; whether all that it claims is so."""
    print(f"{found.title}\n\n{_filled(found.text)}")
    fine, first = True, None
    for run in found.runs:
        _allowed(run)
        print(f"\n> rfcalc {shlex.join(run.on(found.spec))}", flush=True)
        _called(ctx, run, run.on(found.spec))
        answer = _answer(ctx, run, found.spec)
        first = first or answer
        for number, (claim, true, shown) in enumerate(_judged(run, answer, first)):
            print(("" if number else "\n") + _filled(f"{MARKS[true]} {claim.say}", "  "))
            if not true:
                span = claim.mark.span
                complain(f"{span.source}:{span.line}: does not hold: {claim.that}; {', '.join(shown)}")
            fine = fine and true
    return fine


def _written(found: Lesson, ctx: typer.Context) -> bool:
    """Prints a lesson as JSON; whether all that it claims is so."""
    from rfcalc.version import SCHEMA_VERSION, __version__

    runs: list[LessonRunData] = []
    first = None
    for run in found.runs:
        _allowed(run)
        answer = _answer(ctx, run, found.spec)
        first = first or answer
        claims: list[ClaimData] = [
            {"say": claim.say, "that": claim.that, "holds": true, "figures": shown}
            for claim, true, shown in _judged(run, answer, first)
        ]
        runs.append({"command": f"rfcalc {shlex.join(run.on(found.spec))}", "claims": claims})
    fine = all(claim["holds"] for each in runs for claim in each["claims"])
    data: LessonData = {"name": found.spec, "title": found.title, "text": found.text, "holds": fine, "runs": runs}
    print(json.dumps({"schema_version": SCHEMA_VERSION, "rfcalc_version": __version__, **data}, indent=2))
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


def _called(ctx: typer.Context, run: LessonRun, words: list[str]) -> None:
    """Runs a command, which may end with 1 where it finds something; one that cannot be run ends the lesson with its place."""
    from rfcalc.errors import SpecError, fail

    span = run.mark.span
    try:
        code = ctx.find_root().command.main(words, prog_name="rfcalc", standalone_mode=False)
    except SystemExit as end:
        code = end.code
    except USAGE as error:
        raise fail("E127", f"run: {error.format_message()}", span) from None
    except SpecError as error:
        raise SpecError([replace(problem, span=problem.span or span) for problem in error.problems]) from None
    if code not in (None, 0, 1):
        raise fail("E127", f"this cannot be run: rfcalc {shlex.join(words)}", span)


def _answer(ctx: typer.Context, run: LessonRun, spec: str) -> Answer:
    """The JSON of a run."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        _called(ctx, run, run.as_json(spec))
    return json.loads(out.getvalue())  # type: ignore[no-any-return]


def _judged(run: LessonRun, answer: Answer, first: Answer) -> Iterator[tuple[Claim, bool, list[str]]]:
    """The claims of a run: whether each holds, and the figures that it names. `first`: the answer of the first run."""
    from rfcalc.checks.claims import figures, holds, names_of
    from rfcalc.errors import RuleError, fail

    names = {**names_of(answer), "first": names_of(first)} if run.claims else {}
    for claim in run.claims:
        try:
            yield claim, holds(claim.that, names), figures(claim.that, names)
        except RuleError as error:
            raise fail("E127", f"that: {error}", claim.mark.span) from None
