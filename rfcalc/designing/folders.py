"""Boxes of data sets that are a folder: a label file per image, as YOLO and Pascal VOC have them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from rfcalc.designing.images import ENDINGS, image_size
from rfcalc.errors import Span, SpecError, fail
from rfcalc.record import record

LARGEST_LABEL = 1 << 22
MOST_FILES = 2_000_000
NAMES = "classes.txt"  # of the classes, in the folders that annotation tools write
CORNERS = ("xmin", "ymin", "xmax", "ymax")

# Width and height of a box, and of its image, in pixels of the image; in shares of it where the image is 1 x 1.
Box = tuple[float, float, float, float]


@record
class Kind:
    """A format: how its files end, and whether its boxes are shares of images whose sizes stand elsewhere."""

    ending: str
    shares: bool


KINDS = (Kind(".xml", False), Kind(".txt", True))


def folder_boxes(path: str, stretched: bool) -> Iterator[Box]:
    """The boxes of a folder of YOLO's .txt or VOC's .xml files. `stretched` images need no size of their own.

    Raises SpecError for a folder with neither or both, and for a file that says something else.
    """
    root = Path(path)
    found = {
        kind: list(_files(root / "labels" if kind.shares and (root / "labels").is_dir() else root, kind)) for kind in KINDS
    }
    kinds = [kind for kind, files in found.items() if files]
    if len(kinds) != 1:
        what = "both .xml and .txt files" if kinds else "no .txt files (YOLO) and no .xml files (Pascal VOC)"
        raise fail("E503", f"{path}: a folder with {what}", None, "name the folder of the labels")
    for file in found[kinds[0]]:
        yield from yolo_boxes(file, stretched) if kinds[0].shares else voc_boxes(file)


def _files(root: Path, kind: Kind) -> Iterator[Path]:
    count = 0
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            if name.lower().endswith(kind.ending) and name != NAMES:
                count += 1
                if count > MOST_FILES:
                    raise fail("E503", f"{root}: more than {MOST_FILES:,} files")
                yield Path(folder, name)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_LABEL:
            raise fail("E503", f"{path}: larger than {LARGEST_LABEL >> 20} MB")
        return path.read_bytes()
    except OSError as error:
        raise fail("E503", f"cannot read {path}: {error.strerror or error}") from None


def yolo_boxes(path: Path, stretched: bool) -> Iterator[Box]:
    """Lines of class, centre x and y, width, height (and a score), or of class and the corners of a polygon; in shares of the
    image, which lies beside the file or in images/ for labels/."""
    try:
        lines = _read(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise fail("E503", f"{path}: not text in UTF-8") from None
    boxes = [_shares(line, path, number) for number, line in enumerate(lines, 1) if line.strip()]
    if not boxes:
        return
    size = _image_of(path) or ((1.0, 1.0) if stretched else None)
    if size is None:
        hint = "--resize stretch needs none"
        raise fail(
            "E503", f"{path}: no image for these labels, whose boxes are shares of it ({', '.join(ENDINGS)})", None, hint
        )
    yield from ((w * size[0], h * size[1], *size) for w, h in boxes)


def _shares(line: str, path: Path, number: int) -> tuple[float, float]:
    """Width and height in one line."""
    words = line.split()
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    polygon = len(values) >= 7 and len(values) % 2 == 1
    if not polygon and len(values) not in (5, 6):
        what = "a label is: class, centre x, centre y, width, height; or class and the corners of a polygon"
        raise fail("E503", what, Span(str(path), number, 1, line[:200], 1))
    shares = values[1:] if polygon else values[1:5]
    if not all(math.isfinite(value) and -0.01 <= value <= 1.01 for value in shares):
        what = "the numbers of a label are shares of the image, from 0 to 1"
        raise fail("E503", what, Span(str(path), number, 1, line[:200], 1))
    if polygon:
        return max(shares[::2]) - min(shares[::2]), max(shares[1::2]) - min(shares[1::2])
    return shares[2], shares[3]


def _image_of(path: Path) -> tuple[float, float] | None:
    """Width and height of the image that a label file is about."""
    parts = list(path.parts)
    places = [path]
    if "labels" in parts[:-1]:
        at = len(parts) - 2 - parts[-2::-1].index("labels")
        places.append(Path(*parts[:at], "images", *parts[at + 1 :]))
    for place in places:
        for ending in (*ENDINGS, *map(str.upper, ENDINGS)):
            if (image := place.with_name(place.stem + ending)).is_file():
                return image_size(image)
    return None


def voc_boxes(path: Path) -> Iterator[Box]:
    """annotation/object/bndbox of a file, with the corners inclusive, as VOC's own tools count; and annotation/size."""
    reader = _Voc(path)
    reader.read(_read(path))
    width, height = reader.size.get("width", 0.0), reader.size.get("height", 0.0)
    for box in reader.boxes:
        if missing := [corner for corner in CORNERS if corner not in box]:
            raise fail("E503", f"{path}: a bndbox without {', '.join(missing)}")
        yield box["xmax"] - box["xmin"] + 1, box["ymax"] - box["ymin"] + 1, width, height


class _Voc:
    """Reads an annotation as events; a document type, and with it every entity, is refused."""

    def __init__(self, path: Path) -> None:
        self.path, self.stack, self.text = str(path), list[str](), ""
        self.size: dict[str, float] = {}
        self.boxes: list[dict[str, float]] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._said
        self.parser.StartDoctypeDeclHandler = self._refused

    def read(self, data: bytes) -> None:
        """The whole file; raises SpecError."""
        try:
            self.parser.Parse(data, True)
        except expat.ExpatError as error:
            raise fail(
                "E503", f"no XML: {expat.errors.messages[error.code]}", Span(self.path, error.lineno, error.offset + 1)
            ) from None
        except (ValueError, LookupError) as error:  # an encoding that is none
            raise fail("E503", f"{self.path}: no XML: {error}") from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.stack.append(name)
        self.text = ""
        if self.stack == ["annotation", "object", "bndbox"]:
            self.boxes.append({})

    def _said(self, text: str) -> None:
        self.text += text

    def _end(self, name: str) -> None:
        scope, self.stack = self.stack[:-1], self.stack[:-1]
        if scope == ["annotation", "size"] and name in ("width", "height"):
            self.size[name] = self._number()
        elif scope == ["annotation", "object", "bndbox"] and name in CORNERS:
            self.boxes[-1][name] = self._number()

    def _number(self) -> float:
        try:
            value = float(self.text)
        except ValueError:
            value = math.nan
        if not abs(value) < 1e12:
            raise self._wrong(f"{self.text.strip()[:40]!r} where a number should be")
        return value

    def _refused(self, *declaration: object) -> None:
        raise self._wrong("an annotation has no document type (<!DOCTYPE)")

    def _wrong(self, what: str) -> SpecError:
        return fail("E503", what, Span(self.path, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1))
