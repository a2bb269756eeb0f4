"""Folders and patterns as the files they stand for: models/ is every spec below it, "models/**/*.yaml" what matches."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

from rfcalc.errors import did_you_mean, fail
from rfcalc.language.files import read_bytes
from rfcalc.language.top import KEYS
from rfcalc.record import record

MAGIC = re.compile(r"[*?\[]")
MOST = 100_000
LAYERS = re.compile(rb"^(?:\xef\xbb\xbf)?(?:\{(?:[^\n]*[,{ ])?)?[\"']?layers[\"']?[ \t]*:", re.MULTILINE)
TOP_KEY = re.compile(rb"^[\"']?([A-Za-z_][\w-]*)[\"']?[ \t]*:", re.MULTILINE)
FOREIGN = ("node_modules", "__pycache__")


@record
class Named:
    """What one word of the command line names: `files`, and notes on what was left out."""

    files: tuple[str, ...]
    notes: tuple[str, ...] = ()


def named(word: str, left_out: Callable[[str], bool] = lambda _: False) -> Named:
    """The specs of a folder, the files that match a pattern, or the word itself; raises SpecError where a folder or a pattern
    has none. Of folders and patterns, what is `left_out` is no part."""
    if os.path.isdir(word):
        found = [Path(word)]
    elif MAGIC.search(word) and not os.path.lexists(word):
        found = [path for path in _matching(word) if not left_out(path.as_posix())]
        if not found:
            raise fail("E024", f"no file matches {word}", None, _near(word))
    else:
        return Named((word,))
    files: dict[str, None] = {}
    walk = _Walk(left_out)
    for path in found:
        files |= dict.fromkeys(map(str, walk.specs(path) if path.is_dir() else [path]))
    if not files:
        raise fail("E024", f"there is no spec in {word}", None, "; ".join([*walk.notes, "a spec is a YAML file with layers:"]))
    return Named(tuple(files), tuple(walk.notes))


class _Walk:
    """Looks for specs below folders, in the order of their names. Links to folders are not followed; hidden folders, virtual
    environments and packages of other languages are passed over."""

    def __init__(self, left_out: Callable[[str], bool]) -> None:
        self.left_out = left_out
        self.others: list[str] = []
        self.links: list[str] = []

    def specs(self, folder: Path) -> Iterator[Path]:
        """The specs below a folder."""
        waiting, seen = [folder], 0
        while waiting:
            path = waiting.pop()
            if path != folder and self.left_out(path.as_posix()):
                continue
            if path.is_dir():
                children = _children(path)
                seen += len(children)
                if seen > MOST:
                    raise fail("E024", f"{folder} holds more than {MOST:,} files", None, "name a folder further down")
                waiting += reversed([child for child in children if self._entered(child)])
            elif is_spec(path):
                yield path
            else:
                self.others.append(path.as_posix())

    def _entered(self, path: Path) -> bool:
        if path.name.startswith(".") or path.name in FOREIGN:
            return False
        if path.is_dir():
            if path.is_symlink():
                self.links.append(path.as_posix())
            return not path.is_symlink() and not (path / "pyvenv.cfg").exists()
        return path.suffix in (".yaml", ".yml")

    @property
    def notes(self) -> list[str]:
        """What was left out, in sentences."""
        notes = []
        if self.others:
            notes.append(f"left out, since they have no layers: {_some(self.others)}")
        if self.links:
            notes.append(f"links to folders are not followed: {_some(self.links)}")
        return notes


def is_spec(path: Path) -> bool:
    """Whether a YAML file is meant as a spec: `layers:` at its top, or `extends:` and no key that specs do not have."""
    if not path.is_file():
        return False
    text = read_bytes(path, str(path))
    if LAYERS.search(text):
        return True
    keys = {key.decode() for key in TOP_KEY.findall(text)}
    return "extends" in keys and keys <= set(KEYS)


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise fail("E001", f"cannot read {folder}: {error.strerror or error}") from None


def _matching(pattern: str) -> list[Path]:
    """The files and folders that match, as a shell that knows ** would give them."""
    parts = Path(pattern).parts
    absolute = Path(pattern).is_absolute()
    start = Path(parts[0]) if absolute else Path()
    return list(dict.fromkeys(_below(start, parts[absolute:], [0])))


def _below(folder: Path, parts: tuple[str, ...], seen: list[int]) -> Iterator[Path]:
    head, rest = parts[0], parts[1:]
    if not MAGIC.search(head):
        if not rest or (folder / head).is_dir():
            yield from _rest(folder / head, rest, seen)
        return
    if head == "**":
        yield from _rest(folder, rest, seen)
        if not rest:
            return  # the folder, which stands for all below it
    children = _children(folder)
    seen[0] += len(children)
    if seen[0] > MOST:
        raise fail("E024", f"the pattern looks at more than {MOST:,} files", None, "begin it with a folder further down")
    for path in children:
        if path.name.startswith(".") and not head.startswith("."):
            continue
        if head == "**":
            if path.is_dir() and not path.is_symlink():
                yield from _below(path, parts, seen)
        elif fnmatch(path.name, head) and (not rest or path.is_dir()):
            yield from _rest(path, rest, seen)


def _rest(path: Path, rest: tuple[str, ...], seen: list[int]) -> Iterator[Path]:
    if rest:
        yield from _below(path, rest, seen)
    elif path.exists():
        yield path


def _near(pattern: str) -> str:
    """The first folder of a pattern that is not there, and what may have been meant."""
    path = Path()
    for part in Path(pattern).parts:
        if MAGIC.search(part):
            return ""
        if not (path / part).exists():
            return did_you_mean(part, (child.name for child in _children(path))) or f"there is no {(path / part).as_posix()}"
        path /= part
    return ""


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
