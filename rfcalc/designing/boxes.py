"""Sizes of objects from a data set, as they are at the network's input: boxes of COCO, of a CSV, of YOLO or Pascal VOC."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from rfcalc.designing.folders import folder_boxes, voc_boxes
from rfcalc.errors import Span, fail
from rfcalc.record import record

LARGEST_FILE = 1 << 30
LARGEST = 1e12  # of the numbers of a box or image
BINS = 10

# The resize rules: what the scale of an image of h x w is, for an input of H x W.
RULES = {
    "letterbox": "the whole image fits into the input, its shape kept",
    "stretch": "each axis of the image is stretched to the input's",
    "shorter": "the image's shorter side becomes the input's shorter side, its shape kept",
    "none": "the images are used as they are",
}
# Names of the columns of a CSV, in lower case.
COLUMNS = {
    "width": ("width", "w", "box_width", "bbox_width", "bbox_w", "box_w"),
    "height": ("height", "h", "box_height", "bbox_height", "bbox_h", "box_h"),
    "left": ("xmin", "x1", "x_min", "left"),
    "right": ("xmax", "x2", "x_max", "right"),
    "top": ("ymin", "y1", "y_min", "top"),
    "bottom": ("ymax", "y2", "y_max", "bottom"),
    "image_width": ("image_width", "img_width", "image_w", "img_w"),
    "image_height": ("image_height", "img_height", "image_h", "img_h"),
}
SIDES, CORNERS = {"width", "height"}, {"left", "right", "top", "bottom"}

# Width and height of a box, and of its image (None if unknown), in pixels of the image.
Box = tuple[float, float, float | None, float | None]


@record
class ObjectSizes:
    """The longer sides of the objects, ascending, in pixels at the network's input; `left_out` boxes had no area."""

    values: tuple[float, ...]
    rule: str
    left_out: int

    def quantile(self, share: float) -> float:
        """The value below which a share of the objects lies, between two objects by the line through them."""
        at = share * (len(self.values) - 1)
        low = math.floor(at)
        high = min(low + 1, len(self.values) - 1)
        return self.values[low] + (at - low) * (self.values[high] - self.values[low])

    def histogram(self) -> list[tuple[float, float, int]]:
        """(from, to, objects) of equal steps that begin at round numbers, at most BINS of them."""
        low, high = self.values[0], self.values[-1]
        step = next(size for size in _round_sizes() if high // size - low // size < BINS)
        counts = Counter(int(value // step) for value in self.values)
        return [(n * step, (n + 1) * step, counts[n]) for n in range(int(low // step), int(high // step) + 1)]


def _round_sizes() -> Iterator[float]:
    """1, 2, 5, 10, 20, 50, ... pixels."""
    return (digit * 10.0**power for power in count() for digit in (1, 2, 5))


def sizes(path: str, size: Sequence[int], rule: str) -> ObjectSizes:
    """The longer sides of all boxes of a file or folder, for a network's input of `size` (height, width); raises SpecError.

    Without the sizes of the images the boxes are taken as they are, and `rule` of the result says so.
    """
    boxes: list[Box] = list(_boxes(path, rule))
    known = [box for box in boxes if box[0] > 0 and box[1] > 0 and all(map(math.isfinite, box[:2]))]
    if not known:
        raise fail("E503", f"{path}: no boxes with an area")
    if not all(box[2] and box[3] for box in known):
        rule = "none"
    return ObjectSizes(tuple(sorted(max(_scaled(box, size, rule)) for box in known)), rule, len(boxes) - len(known))


def _scaled(box: Box, size: Sequence[int], rule: str) -> tuple[float, float]:
    width, height, image_width, image_height = box
    if rule == "none" or not image_width or not image_height:
        return width, height
    x, y = size[-1] / image_width, size[0] / image_height
    if rule == "letterbox":
        x = y = min(x, y)
    elif rule == "shorter":
        x = y = min(size) / min(image_width, image_height)
    return width * x, height * y


def _boxes(path: str, rule: str) -> Iterator[Box]:
    file = Path(path)
    try:
        if file.is_dir():
            yield from folder_boxes(path, rule == "stretch")
            return
        if file.suffix.lower() == ".xml":
            yield from voc_boxes(file)
            return
        if file.is_char_device():
            raise fail("E503", f"{path}: a device, which has no end")
        if file.stat().st_size > LARGEST_FILE:
            raise fail("E503", f"{path}: larger than {LARGEST_FILE >> 30} GB")
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise fail("E503", f"cannot read {path}: {error.strerror or error}") from None
    except ValueError:
        raise fail("E503", f"{path}: not text in UTF-8") from None
    yield from _coco(text, path) if text.lstrip()[:1] in ("{", "[") else _csv(text, path)


def _coco(text: str, path: str) -> Iterator[Box]:
    """The boxes of a COCO file: images with id, width, height; annotations with image_id and bbox [x, y, width, height]."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise fail("E503", f"no JSON: {error.msg}", Span(path, error.lineno, error.colno)) from None
    except (ValueError, RecursionError):
        raise fail("E503", f"{path}: nested too deeply, or numbers of thousands of digits") from None
    annotations = data.get("annotations") if isinstance(data, dict) else data
    images = data.get("images", []) if isinstance(data, dict) else []
    if not isinstance(annotations, list) or not isinstance(images, list):
        raise fail("E503", f"{path}: a COCO file has lists of images and annotations")
    known = {str(image.get("id")): image for image in images if isinstance(image, dict)}
    for index, one in enumerate(annotations):
        box = one.get("bbox") if isinstance(one, dict) else None
        if not isinstance(box, list) or len(box) != 4 or not all(_is_number(x) for x in box):
            raise fail("E503", f"{path}: annotation {index} has no bbox [x, y, width, height]")
        image = known.get(str(one.get("image_id")), {})
        yield float(box[2]), float(box[3]), _pixels(image.get("width")), _pixels(image.get("height"))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST


def _pixels(value: Any) -> float | None:
    """The side of an image; None for what is none."""
    return float(value) if _is_number(value) and value >= 1 else None


def _csv(text: str, path: str) -> Iterator[Box]:
    """The boxes of a CSV: columns width and height, or xmin, ymin, xmax, ymax; image_width and image_height if known.

    Without a header the first two columns are width and height.
    """
    try:
        rows = [(n, row) for n, row in enumerate(csv.reader(text.splitlines()), 1) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise fail("E503", f"{path}: {error}") from None
    if not rows:
        raise fail("E503", f"{path}: the file is empty")
    header = [cell.strip().lower() for cell in rows[0][1]]
    if len(header) > 1 and all(map(_numeric, header[:2])):
        header, rows = ["width", "height"], [(0, []), *rows]
    columns = {key: header.index(name) for key, names in COLUMNS.items() for name in names[::-1] if name in header}
    if not columns.keys() >= SIDES and not columns.keys() >= CORNERS:
        raise fail("E503", f"{path}: no columns for the size of a box", None, "width and height, or xmin, ymin, xmax, ymax")
    for line, row in rows[1:]:
        box = {key: _cell(row, index, path, line) for key, index in columns.items()}
        if columns.keys() >= CORNERS:  # with corners, columns named width and height are often those of the image
            wide, high = box.get("image_width", box.get("width")), box.get("image_height", box.get("height"))
            yield box["right"] - box["left"], box["bottom"] - box["top"], _pixels(wide), _pixels(high)
        else:
            yield box["width"], box["height"], _pixels(box.get("image_width")), _pixels(box.get("image_height"))


def _cell(row: Sequence[str], index: int, path: str, line: int) -> float:
    text = row[index] if index < len(row) else ""
    if not _numeric(text):
        what = f"{text[:40]!r} where a number should be" if text.strip() else f"column {index + 1} is empty"
        raise fail("E503", what, Span(path, line, 1, ",".join(row)[:200], 1))
    return float(text)


def _numeric(text: str) -> bool:
    try:
        return _is_number(float(text))
    except ValueError:
        return False
