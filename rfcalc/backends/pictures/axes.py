"""What a unit sees, drawn on the axes of matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rfcalc.analyses.erf_map import EnergyMap
from rfcalc.analyses.receptive_field import UnitField
from rfcalc.report.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable

Box = Sequence[tuple[int, int]]


def mask_axes(seen: UnitField, image: Sequence[int], title: str, ax: Axes | None = None) -> Axes:
    """The pixels that a unit reads; a frame around the image, another around the unclipped field. Of three axes the last two
    are shown; a single axis is a strip."""
    rows = Picture(title, seen.products).rows()
    height, width = (1, *image)[-2:]
    read = [[rows[y] >> x & 1 if y < len(rows) else 0 for x in range(width)] for y in range(height)]
    ax, _ = _drawn(read, (0, 0), image, seen.unclipped, title, ax, most=1.0)
    _legend(ax)
    return ax


def energy_axes(drawn: EnergyMap, image: Sequence[int], title: str, ax: Axes | None = None) -> Axes:
    """The root of each pixel's share of the energy, the largest being 1 (Luo 2016 show the gradient's size, which is that
    root); a frame around the image, another around the field, and a ring two standard deviations from the mean."""
    from math import sqrt

    rows = drawn.rows
    most = max(map(max, rows)) or 1.0
    shares = [[sqrt(max(0.0, share) / most) for share in row] for row in rows]
    top, left = (0, *drawn.start)[-2:]
    box = [(first, first + count - 1) for first, count in zip(drawn.start, drawn.energy.shape, strict=True)]
    ax, shown = _drawn(shares, (top, left), image, box, title, ax, most=1.0)
    if len(image) > 1:
        _ring(ax, rows, top, left)
    ax.figure.colorbar(shown, ax=ax, label="gradient's size, largest 1", shrink=0.8)
    _legend(ax)
    return ax


def _drawn(
    cells: Sequence[Sequence[float]],
    origin: tuple[int, int],
    image: Sequence[int],
    box: Box | None,
    title: str,
    ax: Axes | None,
    most: float,
) -> tuple[Axes, ScalarMappable]:
    if ax is None:
        from matplotlib import pyplot

        _, ax = pyplot.subplots(layout="constrained")
    height, width = (1, *image)[-2:]
    (top, bottom), (left, right) = ((0, 0), *(box or ()))[-2:] if box else ((0, height - 1), (0, width - 1))
    extent = (origin[1] - 0.5, origin[1] + len(cells[0]) - 0.5, origin[0] + len(cells) - 0.5, origin[0] - 0.5)
    shown = ax.imshow(cells, cmap="viridis", vmin=0, vmax=most, extent=extent, aspect="equal" if len(image) > 1 else "auto")
    _frame(ax, (0, height - 1), (0, width - 1), "image", "black", "-")
    if box:
        _frame(ax, (top, bottom), (left, right), "receptive field", "tab:red", "--")
    margin = 1 + max(height, width) // 50
    ax.set_xlim(min(0, left) - margin, max(width - 1, right) + margin)
    ax.set_ylim(max(height - 1, bottom) + margin, min(0, top) - margin)
    ax.set_title(title, fontsize="medium")
    ax.set_xlabel("column of the input, pixels" if len(image) > 1 else "position in the input")
    ax.set_ylabel("row of the input, pixels" if len(image) > 1 else "")
    if len(image) == 1:
        ax.set_yticks([])
    return ax, shown


def _ring(ax: Axes, rows: Sequence[Sequence[float]], top: int, left: int) -> None:
    """An ellipse around the mean, two standard deviations wide to each side."""
    from matplotlib.patches import Ellipse

    middle_y, sigma_y = _moments([sum(row) for row in rows], top)
    middle_x, sigma_x = _moments([sum(column) for column in zip(*rows, strict=True)], left)
    ax.add_patch(Ellipse((middle_x, middle_y), 4 * sigma_x, 4 * sigma_y, fill=False, color="tab:orange", label="4 sigma wide"))


def _legend(ax: Axes) -> None:
    """Below the axes, where it covers nothing."""
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, fontsize="small", frameon=False)


def _moments(shares: Sequence[float], start: int) -> tuple[float, float]:
    """Mean and standard deviation of the positions that have these shares."""
    whole = sum(shares)
    mean = sum(i * share for i, share in enumerate(shares)) / whole
    square = sum((i - mean) ** 2 * share for i, share in enumerate(shares)) / whole
    return start + mean, float(square**0.5)


def _frame(ax: Axes, rows: tuple[int, int], columns: tuple[int, int], label: str, color: str, style: str) -> None:
    top, bottom, left, right = rows[0] - 0.5, rows[1] + 0.5, columns[0] - 0.5, columns[1] + 0.5
    ax.plot([left, right, right, left, left], [top, top, bottom, bottom, top], color=color, linestyle=style, label=label)
