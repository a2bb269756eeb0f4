"""The files that commands write: nothing is replaced unasked, and a file is replaced whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
from typing import Annotated

from rfcalc.cli.color import hush
from rfcalc.cli.declared import Context, UsageError, option
from rfcalc.errors import SpecError, fail


def free(ctx: Context, path: str | None) -> str | None:
    """Refuses a place that cannot be written before the work begins (--force is read first)."""
    if path is not None and not ctx.resilient_parsing:
        check(path, bool(ctx.params.get("force")))
    return path


def _picture(ctx: Context, path: str | None) -> str | None:
    """The same for a file that is no text."""
    if path == "-" and not ctx.resilient_parsing:
        raise UsageError("a picture is no text: name a file")
    return free(ctx, path)


Output = Annotated[
    str | None,
    option("--output", "-o", metavar="FILE", callback=free, help="Write to a file instead (- is standard output)."),
]
Png = Annotated[str | None, option("--png", metavar="FILE", callback=_picture, help="Draw it (needs rfcalc-cli\\[plot]).")]
ErfMap = Annotated[
    str | None,
    option("--erf-map", metavar="FILE.png", callback=_picture, help="Its map, for the last selected layer, as a picture."),
]
MaskPng = Annotated[
    str | None,
    option("--mask-png", metavar="FILE.png", callback=_picture, help="With one --at: draw them as a picture of the image."),
]
Force = Annotated[bool, option("--force", is_eager=True, help="Replace a file that is there already.")]


def write(path: str, content: str | bytes, force: bool = False) -> None:
    """Writes a file and says so on standard error; "-" is standard output. Raises SpecError as `place` does."""
    place(path, content, force)
    if path != "-":
        print(f"wrote {path}", file=sys.stderr)


def place(path: str, content: str | bytes, force: bool = False) -> None:
    """Writes a file whole or not at all. Raises SpecError where a file is there and `force` is false, where the place is no
    file, and where writing fails; whatever was there is then as it was."""
    check(path, force)
    hush()
    if path == "-":
        assert isinstance(content, str), "commands refuse - for what is no text"
        sys.stdout.write(content)
        return
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    target = os.path.realpath(path)  # a link stays one
    try:
        if os.path.exists(target) and stat.S_ISFIFO(os.stat(target).st_mode):
            with open(path, "wb") as pipe:
                pipe.write(data)
        else:
            _replace(target, data)
    except OSError as error:
        raise _impossible(path, error) from None


def check(path: str, force: bool = False) -> None:
    """Raises SpecError for a place that cannot be written: a folder, a device, a missing folder, or a file that is there
    unless `force` is true."""
    if not path:
        raise fail("E302", "the name of the file to write is empty")
    if path == "-":
        return
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        folder = os.path.dirname(os.path.realpath(path))
        if not os.path.isdir(folder):
            raise fail("E302", f"cannot write {path}: there is no folder {os.path.dirname(path) or folder}") from None
        return
    except OSError as error:
        raise _impossible(path, error) from None
    if stat.S_ISDIR(mode):
        raise fail("E302", f"cannot write {path}: it is a folder", None, "name a file in it")
    if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
        raise fail("E302", f"cannot write {path}: it is a device, not a file", None, "- is standard output")
    if stat.S_ISREG(mode) and not force:
        raise fail("E302", f"{path} exists already", None, "--force replaces it")


def _impossible(path: str, error: OSError) -> SpecError:
    return fail("E302", f"cannot write {path}: {error.strerror or error}")


def _replace(target: str, data: bytes) -> None:
    """Writes beside the file, then puts that in its place with the file's mode; a failure leaves the old one alone."""
    from tempfile import mkstemp

    umask = os.umask(0)
    os.umask(umask)
    mode = stat.S_IMODE(os.stat(target).st_mode) if os.path.exists(target) else 0o666 & ~umask
    handle, temporary = mkstemp(dir=os.path.dirname(target))
    try:
        with open(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
