"""What a unit sees, drawn on the axes of matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rfcalc.analyses.erf_map import EnergyMap
from rfcalc.analyses.receptive_field import UnitField
from rfcalc.report.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Box = Sequence[tuple[int, int]]


def mask_axes(seen: UnitField, image: Sequence[int], title: str, ax: Axes | None = None) -> Axes:
    """The pixels that a unit reads; a frame around the image, another around the unclipped field. Of three axes the last two
    are shown; a single axis is a strip."""
    rows = Picture(title, seen.products).rows()
    height, width = (1, *image)[-2:]
    read = [[rows[y] >> x & 1 if y < len(rows) else 0 for x in range(width)] for y in range(height)]
    return _drawn(read, (0, 0), image, seen.unclipped, title, ax, most=1.0)


def energy_axes(drawn: EnergyMap, image: Sequence[int], title: str, ax: Axes | None = None) -> Axes:
    """The root of each pixel's share of the energy (Luo 2016 show the gradient's size, which is that root)."""
    from math import sqrt

    shares = [[sqrt(max(0.0, share)) for share in row] for row in drawn.rows]
    top, left = (0, *drawn.start)[-2:]
    box = [(first, first + count - 1) for first, count in zip(drawn.start, drawn.energy.shape, strict=True)]
    return _drawn(shares, (top, left), image, box, title, ax)


def _drawn(
    cells: Sequence[Sequence[float]],
    origin: tuple[int, int],
    image: Sequence[int],
    box: Box | None,
    title: str,
    ax: Axes | None,
    most: float | None = None,
) -> Axes:
    if ax is None:
        from matplotlib import pyplot

        _, ax = pyplot.subplots(layout="constrained")
    height, width = (1, *image)[-2:]
    (top, bottom), (left, right) = ((0, 0), *(box or ()))[-2:] if box else ((0, height - 1), (0, width - 1))
    extent = (origin[1] - 0.5, origin[1] + len(cells[0]) - 0.5, origin[0] + len(cells) - 0.5, origin[0] - 0.5)
    ax.imshow(cells, cmap="viridis", vmin=0, vmax=most, extent=extent, aspect="equal" if len(image) > 1 else "auto")
    _frame(ax, (0, height - 1), (0, width - 1), "image", "black", "-")
    if box:
        _frame(ax, (top, bottom), (left, right), "receptive field", "tab:red", "--")
    margin = 1 + max(height, width) // 50
    ax.set_xlim(min(0, left) - margin, max(width - 1, right) + margin)
    ax.set_ylim(max(height - 1, bottom) + margin, min(0, top) - margin)
    ax.set_title(title, fontsize="medium")
    ax.legend(loc="upper right", fontsize="small")
    return ax


def _frame(ax: Axes, rows: tuple[int, int], columns: tuple[int, int], label: str, color: str, style: str) -> None:
    top, bottom, left, right = rows[0] - 0.5, rows[1] + 0.5, columns[0] - 0.5, columns[1] + 0.5
    ax.plot([left, right, right, left, left], [top, top, bottom, bottom, top], color=color, linestyle=style, label=label)
