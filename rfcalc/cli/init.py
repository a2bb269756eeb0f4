"""`rfcalc init`: a starter spec, a copy of a shipped one, or the file that runs `rfcalc check` in CI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from rfcalc.cli import complete
from rfcalc.cli.common import choice, usage
from rfcalc.cli.declared import argument, option
from rfcalc.cli.writing import place

NAME = "net.yaml"


def init(
    file: Annotated[
        str | None,
        argument(metavar="[FILE]", help="The spec to write (net.yaml); with --ci the specs to check. - prints the file."),
    ] = None,
    shipped: Annotated[
        str | None,
        option(
            "--from",
            metavar="NAME",
            autocompletion=complete.networks,
            help="Copy this shipped network (rfcalc configs lists them).",
        ),
    ] = None,
    ci: Annotated[
        str | None,
        option(metavar="SYSTEM", autocompletion=complete.systems, help="Write a job for github, gitlab or pre-commit."),
    ] = None,
    install: Annotated[
        str | None,
        option(metavar="REQUIREMENT", help="What pip installs in CI, such as git+https://...; where this rfcalc came from."),
    ] = None,
    force: Annotated[
        bool, option("--force", help="Replace a file; not one that may hold other jobs: its addition is printed.")
    ] = False,
) -> None:
    """Write a commented starter spec, a copy of a shipped one, or a CI job that checks the specs. Nothing is overwritten
    without --force.

    Examples:

      rfcalc init && rfcalc check net.yaml

      rfcalc init --from resnet50 mine.yaml

      rfcalc init --ci github

      rfcalc init "models/*.yaml" --ci pre-commit
    """
    if ci is None:
        _spec(file, shipped, force)
    elif shipped is None:
        _job(file or NAME, ci, install, force)
    else:
        raise usage("--from writes a spec and --ci a job: one of them")


def _spec(file: str | None, shipped: str | None, force: bool) -> None:
    """The starter spec, or a shipped one under its own name."""
    from rfcalc.checks.templates import spec
    from rfcalc.language.files import shipped_text

    text = None if shipped is None else shipped_text(shipped)
    file = file or (NAME if shipped is None else f"{Path(shipped).stem}.yaml")
    _create(file, spec(NAME if file == "-" else Path(file).name) if text is None else text, force)
    if file != "-":
        print(f"{file}: {'a starter spec' if shipped is None else f'a copy of {shipped}'}; next: rfcalc analyze {file}")


def _job(specs: str, ci: str, install: str | None, force: bool) -> None:
    """The job of a CI system, or what is to be added to its file."""
    from rfcalc.checks.templates import JOBS
    from rfcalc.version import requirement

    source = install or requirement()
    job = JOBS[choice(ci, JOBS, "--ci")]
    text = job.text(source, NAME if specs == "-" else specs)
    if specs == "-":
        print(text, end="")
    elif job.shared and Path(job.path).exists():
        print(f"# {job.path} is there and was left alone; add this to it:\n{text}", end="")
    else:
        _create(job.path, text, force)
        print(f"{job.path}: a job that installs {source} (--install: another source) and checks {specs}")


def _create(path: str, text: str, force: bool) -> None:
    """Writes a new file and the folders it needs; raises SpecError where one exists already."""
    from rfcalc.errors import fail

    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise fail("E302", f"cannot write {path}: {error.strerror or error}") from None
    place(path, text, force)
