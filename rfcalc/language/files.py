"""Finds and reads what a user names: a path, a shipped network, or - for standard input."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from rfcalc.errors import fail
from rfcalc.language.limits import MOST_BYTES

STDIN = "<stdin>"
PACKAGED = Path(__file__).resolve().parent.parent / "configs"
CHECKOUT = PACKAGED.parent.parent / "configs"
SCALED = re.compile(r"(yolo(?:e-)?v?\d+)([nsmlx])(?=6?[-_.][^/\\]*$)")
FOLDERS = ("", "lessons")
YAML = (".yaml", ".yml")


def shipped_files() -> dict[str, Path]:
    """The shipped networks by name (`resnet50`, `lessons/aspp`), in the order of their names."""
    root, files = _root(), {}
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*.yaml")):
            files[f"{folder}/{path.stem}" if folder else path.stem] = path
    return files


def _root() -> Path:
    return PACKAGED if PACKAGED.is_dir() else CHECKOUT


def find(name: str, beside: str = "") -> Path:
    """The file of a name: a path (relative to the folder `beside`), or a shipped network; raises SpecError."""
    path = Path(beside, name)
    try:
        if path.is_dir():
            raise fail("E002", f"{name} is a folder; a spec is a file")
        if path.exists():
            if path.is_symlink() and name.endswith(YAML) and not os.path.realpath(path).endswith(YAML):
                raise fail("E001", f"{name} is a link to a file that is no YAML, which is not shown to those who read messages")
            plain = Path(os.path.normpath(path))  # a/../b as b, which findings show, unless a is a link
            return plain if ".." in path.parts and plain.exists() and plain.samefile(path) else path
    except (OSError, ValueError):
        raise fail("E001", f"{name[:200]!r} is no path") from None
    found = _shipped(name)
    if found:
        return found
    raise fail("E001", f"there is no file {name}, and no shipped network of that name", hint=_near(_stem(name), path.parent))


def shipped_text(name: str) -> str:
    """The text of a shipped network as it is written; raises SpecError where none has that name."""
    found = _shipped(name)
    if not found:
        raise fail("E001", f"there is no shipped network {name}", hint=_near(_stem(name)))
    return text_of(read_bytes(found, name), name)


def _shipped(name: str) -> Path | None:
    stem = _stem(name)
    if os.path.dirname(stem) not in FOLDERS:
        return None
    places = [_root() / folder / f"{stem}.yaml" for folder in FOLDERS]
    return next((path for path in places if os.path.isfile(path)), None)


def _stem(name: str) -> str:
    return name.removesuffix(".yaml").removesuffix(".yml")


def _near(stem: str, folder: Path | None = None) -> str:
    """What may have been meant: shipped networks, and specs of a folder."""
    networks = list(shipped_files())
    begun = [network for network in networks if stem and network.startswith(stem)]
    if begun:
        return f"shipped are {', '.join(begun[:6])}"
    files = {file.stem: file.name for file in [*folder.glob("*.y*ml")][:1000]} if folder and folder.is_dir() else {}
    known = {network: network for network in networks} | files
    import difflib

    near = difflib.get_close_matches(os.path.basename(stem)[:60], known, n=1)
    return f'did you mean "{known[near[0]]}"?' if near else "rfcalc configs lists them"


def all_scales(name: str) -> str:
    """The file for all scales of a family: yolov8n-seg.yaml becomes yolov8-seg.yaml, yolov8n6.yaml yolov8-p6.yaml."""
    name = re.sub(r"(yolov\d+[a-z])6(?=\.ya?ml$)", r"\1-p6", name)
    return SCALED.sub(r"\1", name)


def head_of(name: str) -> bytes:
    """The first bytes of a file, by which its kind is known; none where it is no file that can be read."""
    try:
        with open(name, "rb") as file:
            return file.read(4096)
    except (OSError, ValueError):
        return b""


def read_bytes(path: Path | None, name: str) -> bytes:
    """The bytes of a file, or of standard input for None; raises SpecError."""
    try:
        if path is None:
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise fail("E001", f"cannot read {name}: {error.strerror or error}") from None


def text_of(data: bytes, name: str) -> str:
    """The text of a file; raises SpecError for a file that is too large, binary or in another encoding."""
    if len(data) > MOST_BYTES:
        raise fail("E004", f"{name}: larger than {MOST_BYTES // 2**20} MB")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise fail("E003", f"{name}: in UTF-16; save it as UTF-8")
    if b"\0" in data[:8192]:
        raise fail("E003", f"{name}: a binary file; a spec is text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise fail("E003", f"{name}: not text in UTF-8 (line {line}, byte {error.start})") from None
