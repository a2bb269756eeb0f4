"""PNG files by Pillow: masks of pixels and maps of energy."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from math import sqrt

from PIL import Image

LEAST_SIDE = 256
STRIP = 16


def mask_png(rows: Sequence[int], height: int, width: int) -> bytes:
    """A set of pixels over an image of `height` x `width`: white where read. `rows`: a bit set of columns per row; a single
    row is drawn as a strip."""
    repeat = STRIP if height == 1 else 1
    cells = bytearray()
    for y in range(height):
        row = rows[y] if y < len(rows) else 0
        cells += bytes(255 * (row >> x & 1) for x in range(width)) * repeat
    return _png(Image.frombytes("L", (width, height * repeat), bytes(cells)))


def map_png(energy: Sequence[Sequence[float]]) -> bytes:
    """Shares of energy as brightness: the root of the share, the largest is white (Luo 2016 show the gradient's size, which
    is that root). Small maps are enlarged to at least 256 pixels, in whole steps."""
    most = max((max(row) for row in energy), default=0.0) or 1.0
    cells = bytes(round(255 * sqrt(max(0.0, x) / most)) for row in energy for x in row)
    image = Image.frombytes("L", (len(energy[0]), len(energy)), cells)
    scale = max(1, -(-LEAST_SIDE // max(image.size)))
    return _png(image.resize((image.width * scale, max(image.height * scale, STRIP)), Image.Resampling.NEAREST))


def _png(image: Image.Image) -> bytes:
    data = BytesIO()
    image.save(data, "PNG")
    return data.getvalue()
