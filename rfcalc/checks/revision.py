"""A spec as it was at a git revision, without touching the checkout."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from rfcalc.errors import SpecError, fail
from rfcalc.graph import Graph
from rfcalc.language.files import YAML, all_scales

MISSING = "E117"  # what it extends is not there
FETCH = "this clone is shallow: git fetch --unshallow; in CI fetch-depth: 0"


def load_at(spec: str, revision: str, load: Callable[[str], Graph]) -> Graph | None:
    """The graph of a spec file at a revision, where it may have had another name; None if it was not there. Raises SpecError
    (no repository, no such revision).

    The specs beside it at that revision are laid out in a temporary folder, so that `extends` finds them; those of the whole
    repository only where it extends one from elsewhere.
    """
    if not Path(spec).suffix or ":" in Path(spec).name:
        raise fail("E023", f"{spec} is no file", hint="a revision of a Python model is compared as a file of its own")
    path = Path(spec).resolve()
    if not path.parent.is_dir():
        raise fail("E023", f"there is no folder {path.parent}")
    top = Path(_git(path.parent, "rev-parse", "--show-toplevel").decode().strip())
    _check(top, revision)
    inside = path.relative_to(top.resolve()).as_posix()
    there = inside if _is_there(top, revision, inside) else _former(top, revision, inside)
    if there is None:
        return None
    with TemporaryDirectory() as place:
        for folder in dict.fromkeys((Path(there).parent.as_posix(), ".")):
            _lay_out(top, revision, folder, there, place)
            try:
                return load(str(Path(place) / there))
            except SpecError as error:
                first = error.problems[0]
                if folder == "." or all(problem.code != MISSING for problem in error.problems):
                    raise fail(first.code, f"{spec} at {revision}: {first.message}", None, first.hint) from None
    return None


def _check(top: Path, revision: str) -> None:
    """Raises SpecError for a revision that is not there."""
    try:
        _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except SpecError:
        shallow = _git(top, "rev-parse", "--is-shallow-repository").strip() == b"true"
        raise fail("E023", f'git: no revision "{revision}"', hint=FETCH if shallow else "") from None


def _is_there(top: Path, revision: str, inside: str) -> bool:
    names = dict.fromkeys((inside, all_scales(inside)))  # yolov8n.yaml may stand in yolov8.yaml
    return any(_git(top, "ls-tree", "--name-only", "--end-of-options", revision, name).strip() for name in names)


def _former(top: Path, revision: str, inside: str) -> str | None:
    """The name that a renamed file had."""
    renamed = _git(top, "diff", "--name-status", "--find-renames", "--diff-filter=R", "-z", "--end-of-options", revision)
    words = renamed.decode(errors="surrogateescape").split("\0")
    return next((old for old, new in zip(words[1::3], words[2::3], strict=False) if new == inside), None)


def _lay_out(top: Path, revision: str, folder: str, spec: str, place: str) -> None:
    """Writes a spec at a revision and those below a folder; links that lead out of it are left out."""
    command = ["git", "-C", str(top), "archive", "--format=tar", revision, *([folder] if folder != "." else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
                for member in tar:
                    if member.name == spec or member.name.endswith(YAML):
                        _extract(tar, member, place)
        except tarfile.TarError as error:
            raise fail("E023", f"git: {revision} cannot be read: {error}") from None


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, place: str) -> None:
    try:
        tar.extract(member, place, filter="data")
    except tarfile.FilterError:
        return


def _git(folder: Path, *words: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)
    except FileNotFoundError:
        raise fail("E023", "git is not installed") from None
    if done.returncode:
        message = done.stderr.decode(errors="replace").strip().split("\n")[0].removeprefix("fatal: ")
        raise fail("E023", f"git: {message}")
    return done.stdout
