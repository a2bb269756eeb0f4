"""A set of pixels as a picture: for the screen in block characters, or as rows for an image file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rfcalc.record import record

HALVES = "·▄▀█"
SHARES = "·▒█"
MOST_LINES = 48

Products = Sequence[tuple[int, ...]]


@record
class Picture:
    """A union of products of bit sets, one per axis; of more than two axes the last two are shown, the others projected."""

    title: str
    products: Products

    def rows(self) -> list[int]:
        """One bit set of columns per row, from row 0 to the last one that is read. A single axis is one row."""
        flat = [(1, *product)[-2:] for product in self.products]
        height = max((rows.bit_length() for rows, _ in flat), default=0)
        return [_union(columns for rows, columns in flat if rows >> y & 1) for y in range(height)]

    def lines(self, width: int) -> list[str]:
        """The picture within its bounding box, scaled down to fit a screen of `width` columns, and a line that explains it."""
        rows = self.rows()
        every = _union(rows)
        if not every:
            return ["nothing: only padding is read"]
        top = next(y for y, row in enumerate(rows) if row)
        left, right = (every & -every).bit_length() - 1, every.bit_length() - 1
        box = [row >> left for row in rows[top:]]
        columns = right - left + 1
        scale = max(1, -(-columns // width), -(-len(box) // (2 * MOST_LINES)))
        place = f"rows {top}-{top + len(box) - 1}, columns {left}-{right}"
        if scale == 1:
            return [*_halves(box, columns), f"{place}; a character is 1x2 pixels, {HALVES[0]} is not read"]
        key = f"{SHARES[2]} all read, {SHARES[1]} some, {SHARES[0]} none"
        return [*_shares(box, columns, scale), f"{place}; scaled: a character is {scale}x{2 * scale} pixels, {key}"]


def _union(sets: Iterable[int]) -> int:
    union = 0
    for bits in sets:
        union |= bits
    return union


def _halves(rows: Sequence[int], columns: int) -> list[str]:
    """Two rows in one line, by the upper and lower halves of a character."""
    pairs = [(rows[y], rows[y + 1] if y + 1 < len(rows) else 0) for y in range(0, len(rows), 2)]
    return ["".join(HALVES[2 * (a >> x & 1) + (b >> x & 1)] for x in range(columns)) for a, b in pairs]


def _shares(rows: Sequence[int], columns: int, scale: int) -> list[str]:
    """Blocks of `scale` columns and twice as many rows, each as one character."""
    drawn = []
    for y in range(0, len(rows), 2 * scale):
        block = rows[y : y + 2 * scale]
        line = ""
        for x in range(0, columns, scale):
            wide = min(scale, columns - x)
            read = sum((row >> x & ((1 << wide) - 1)).bit_count() for row in block)
            line += SHARES[0 if not read else 2 if read == wide * len(block) else 1]
        drawn.append(line)
    return drawn
