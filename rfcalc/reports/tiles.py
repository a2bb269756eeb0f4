"""The report of `rfcalc sizes --tile`: halos, steps and sizes of tiles that stitch without seams."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from math import prod
from typing import TYPE_CHECKING

from rfcalc.analyses.sizes import fitting, need_axes
from rfcalc.analyses.tiles import AxisTile, TileTooSmallError, Tiling
from rfcalc.errors import RuleError
from rfcalc.graph import Graph
from rfcalc.record import record
from rfcalc.report.tables import Column, Report, Table
from rfcalc.report.units import joined, number, times
from rfcalc.reports.parts.flat import flat_table

if TYPE_CHECKING:
    from rfcalc.report.models.sizes import TileData, TilesData

MOST = 4096
SHOWN = 8


@record
class Tiled:
    """One output of a network in tiles: what a tile gives on each axis, and the smallest tiles that fit."""

    layer: str
    axes: tuple[AxisTile, ...]
    sizes: tuple[tuple[int, ...], ...]

    @property
    def work(self) -> float:
        """Pixels computed per pixel gained."""
        return prod(axis.size for axis in self.axes) / prod(axis.step for axis in self.axes)


def tiled(graph: Graph, target: int, size: Sequence[int] | None, output: int | None) -> Tiled:
    """Tiles of a size, or the smallest of which at least `output` units are kept; raises RuleError."""
    need_axes(graph)
    tiling = Tiling(graph, target)
    if size is None:
        axes = tiling.tile_for(output or 1, _candidates(tiling, output or 1))
        return Tiled(graph.nodes[target].name, axes, ())
    usable = tuple(islice((each for each in _candidates(tiling, 1) if _usable(tiling, each)), SHOWN))
    try:
        axes = tiling.tile(size)
    except TileTooSmallError as error:
        raise RuleError(f"{error}; the smallest that will do is {times(usable[0])}" if usable else str(error)) from None
    if output is not None and any(axis.step < output * axis.stride for axis in axes):
        advance = joined([float(axis.step / axis.stride) for axis in axes])
        raise RuleError(f"a tile of {times(size)} advances by {advance} units of output, less than {output}")
    return Tiled(graph.nodes[target].name, axes, usable)


def _candidates(tiling: Tiling, output: int) -> list[tuple[int, ...]]:
    """Sizes that fit, from the field on, equal steps on all axes; of those that fit, multiples of the grid if there are any."""
    axes = []
    for axis, grid in enumerate(tiling.grids):
        field, core = tiling.field(axis), int(output * tiling.strides[axis])
        sizes = fitting(tiling.sizes, axis, 2 * (field + core) + 16 * grid).lossless.from_on(field, MOST)
        axes.append([n for n in sizes if n % grid == 0] or sizes)
    return list(zip(*axes, strict=False))


def _usable(tiling: Tiling, size: tuple[int, ...]) -> bool:
    try:
        return bool(tiling.tile(size))
    except RuleError:
        return False


def tiles_report(graph: Graph, found: Sequence[Tiled]) -> Report:
    """One row per output, and how to place the tiles as notes."""
    columns = (
        Column("layer", "Output", ratio=3),
        Column("tile", "Tile", times, True),
        Column("halo", "Halo", _sides, True),
        Column("aligned", "Aligned", _sides, True),
        Column("grid", "Grid", joined, True),
        Column("step", "Step", joined, True),
        Column("overlap", "Overlap", joined, True),
        Column("work", "Work", lambda ratio: f"{ratio:.2f}x", True),
    )
    rows = tuple(_row(each) for each in found)
    flat = (
        (each.layer, k, axis.size, *axis.halo, *axis.aligned, axis.grid, axis.step, axis.overlap)
        for each in found
        for k, axis in enumerate(each.axes)
    )
    keys = ["layer", "axis", "tile", "halo_before", "halo_after", "aligned_before", "aligned_after", "grid", "step", "overlap"]
    notes: tuple[tuple[str, str], ...] = (
        ("Halo", "pixels before/after what is kept of a tile that depend on its edges; none at an edge of the image"),
        ("Place", "tiles start at multiples of the grid, so at multiples of the step they stitch without seams"),
    )
    if found[0].sizes:
        notes += (("Tiles", f"the smallest that fit: {', '.join(joined(size) for size in found[0].sizes)}"),)
    table, data = Table("", columns, rows), tiles_data(graph, found)
    return Report(f"{graph.name} in tiles", (table,), notes, flat_table(graph.name, keys, flat), data)


def _row(found: Tiled) -> tuple[object, ...]:
    axes = found.axes
    return (
        found.layer,
        [axis.size for axis in axes],
        [axis.halo for axis in axes],
        [axis.aligned for axis in axes],
        [axis.grid for axis in axes],
        [axis.step for axis in axes],
        [axis.overlap for axis in axes],
        found.work,
    )


def _sides(pairs: Sequence[tuple[int, int]]) -> str:
    """A pair of sides per axis: "94", "224/192" if they differ, "94x32" if axes do."""
    shown = [str(a) if a == b else f"{a}/{b}" for a, b in pairs]
    return shown[0] if len(set(shown)) == 1 else " x ".join(shown)


def tiles_data(graph: Graph, found: Sequence[Tiled]) -> TilesData:
    """The answer as JSON."""
    tiles: list[TileData] = [
        {
            "layer": each.layer,
            "work": each.work,
            "fitting_tiles": [list(size) for size in each.sizes],
            "axes": [
                {
                    "tile": axis.size,
                    "output": axis.output,
                    "keep": axis.keep,
                    "pixels_per_unit": number(axis.stride),
                    "halo": axis.halo,
                    "aligned_halo": axis.aligned,
                    "grid": axis.grid,
                    "step": axis.step,
                    "overlap": axis.overlap,
                }
                for axis in each.axes
            ],
        }
        for each in found
    ]
    return {"name": graph.name, "source": graph.source, "tiles": tiles}
