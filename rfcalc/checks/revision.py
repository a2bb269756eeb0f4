"""A spec as it was at a git revision, without touching the checkout."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from rfcalc.errors import SpecError, fail
from rfcalc.graph import Graph
from rfcalc.language.files import all_scales


def load_at(spec: str, revision: str, load: Callable[[str], Graph]) -> Graph | None:
    """The graph of a spec file at a revision; None if it was not there. Raises SpecError (no repository, no such revision).

    The files beside the spec at that revision are laid out in a temporary folder, so that `extends` finds them.
    """
    if not Path(spec).suffix or ":" in Path(spec).name:
        raise fail("E023", f"{spec} is no file", hint="a revision of a Python model is compared as a file of its own")
    path = Path(spec).resolve()
    if not path.parent.is_dir():
        raise fail("E023", f"there is no folder {path.parent}")
    top = Path(_git(path.parent, "rev-parse", "--show-toplevel").decode().strip())
    _git(
        top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", what=f'no revision "{revision}"'
    )
    inside = path.relative_to(top.resolve())
    names = dict.fromkeys((inside.as_posix(), all_scales(inside.as_posix())))  # yolov8n.yaml may stand in yolov8.yaml
    if not any(_git(top, "ls-tree", "--name-only", "--end-of-options", revision, name).strip() for name in names):
        return None
    folder = inside.parent.as_posix()
    archive = _git(top, "archive", "--format=tar", revision, *([folder] if folder != "." else []))
    with TemporaryDirectory() as place:
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            tar.extractall(place, filter="data")
        try:
            return load(str(Path(place) / inside))
        except SpecError as error:
            first = error.problems[0]
            raise fail(first.code, f"{spec} at {revision}: {first.message}", None, first.hint) from None


def _git(folder: Path, *words: str, what: str = "") -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)
    except FileNotFoundError:
        raise fail("E023", "git is not installed") from None
    if done.returncode:
        message = what or done.stderr.decode(errors="replace").strip().split("\n")[0].removeprefix("fatal: ")
        raise fail("E023", f"git: {message}")
    return done.stdout
