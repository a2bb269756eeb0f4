"""The size of an image, from its first bytes."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from rfcalc.errors import fail

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".gif")
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # the markers of a JPEG that a size follows


def image_size(path: Path) -> tuple[float, float]:
    """Width and height in pixels, as they are stored; raises SpecError for a file that is no PNG, JPEG, BMP or GIF."""
    try:
        with path.open("rb") as file:
            size = _size(file)
    except (OSError, struct.error):
        size = None
    if size is None or min(size) < 1:
        raise fail("E503", f"{path}: the size of this image cannot be read")
    return float(size[0]), float(size[1])


def _size(file: BinaryIO) -> tuple[int, int] | None:
    head = file.read(26)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        width, height = struct.unpack(">II", head[16:24])
    elif head.startswith((b"GIF87a", b"GIF89a")):
        width, height = struct.unpack("<HH", head[6:10])
    elif head.startswith(b"BM"):
        width, height = (abs(n) for n in struct.unpack("<ii", head[18:26]))
    elif head.startswith(b"\xff\xd8"):
        return _jpeg(file)
    else:
        return None
    return width, height


def _jpeg(file: BinaryIO) -> tuple[int, int] | None:
    """The size in the header of the first frame; the parts before it say how long they are."""
    file.seek(2)
    while True:
        mark, kind, length = struct.unpack(">BBH", file.read(4))
        if mark != 0xFF or length < 2:
            return None
        if kind in FRAMES:
            _, height, width = struct.unpack(">BHH", file.read(5))
            return width, height
        file.seek(length - 2, 1)
