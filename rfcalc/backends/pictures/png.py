"""PNG files by Pillow: masks of pixels and maps of energy."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from math import sqrt
from pathlib import Path

from PIL import Image

from rfcalc.errors import fail

LEAST_SIDE = 256
STRIP = 16


def write_mask(path: str, rows: Sequence[int], height: int, width: int) -> None:
    """A set of pixels over an image of `height` x `width`: white where read. `rows`: a bit set of columns per row; a single
    row is drawn as a strip. Raises SpecError where the file cannot be written."""
    repeat = STRIP if height == 1 else 1
    cells = bytearray()
    for y in range(height):
        row = rows[y] if y < len(rows) else 0
        cells += bytes(255 * (row >> x & 1) for x in range(width)) * repeat
    _write(path, Image.frombytes("L", (width, height * repeat), bytes(cells)))


def write_map(path: str, energy: Sequence[Sequence[float]]) -> None:
    """Shares of energy as brightness: the root of the share, the largest is white (Luo 2016 show the gradient's size, which
    is that root). Small maps are enlarged to at least 256 pixels, in whole steps. Raises SpecError."""
    most = max((max(row) for row in energy), default=0.0) or 1.0
    cells = bytes(round(255 * sqrt(max(0.0, x) / most)) for row in energy for x in row)
    image = Image.frombytes("L", (len(energy[0]), len(energy)), cells)
    scale = max(1, -(-LEAST_SIDE // max(image.size)))
    _write(path, image.resize((image.width * scale, max(image.height * scale, STRIP)), Image.Resampling.NEAREST))


def _write(path: str, image: Image.Image) -> None:
    data = BytesIO()
    image.save(data, "PNG")
    try:
        Path(path).write_bytes(data.getvalue())
    except OSError as error:
        raise fail("E302", f"cannot write {path}: {error.strerror or error}") from None
