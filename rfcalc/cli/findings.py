"""What `rfcalc check` and `rfcalc diff` share: options, and printing of findings where the program runs."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rfcalc.report.findings import Outcome

HELP = "full, concise, json, markdown, github, gitlab, sarif or junit; github by itself under GitHub Actions."
Format = Annotated[str | None, typer.Option("--format", "-f", help=HELP)]
Base = Annotated[str | None, typer.Option("--base", metavar="REV", help="Compare each spec with this git revision of it.")]


def detected() -> str:
    """The format that fits the place where the program runs."""
    return "github" if os.environ.get("GITHUB_ACTIONS") == "true" else "full"


def emit(outcome: Outcome, name: str) -> None:
    """Prints an outcome; under GitHub Actions the Markdown is also appended to the job's summary."""
    from rfcalc.formats.findings import render

    sys.stdout.write(render(name, outcome) + "\n")
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary and os.environ.get("GITHUB_ACTIONS") == "true":
        try:
            with open(summary, "a", encoding="utf-8") as file:
                file.write(render("markdown", outcome) + "\n")
        except OSError as error:
            print(f"warning: cannot write the job summary: {error}", file=sys.stderr)
