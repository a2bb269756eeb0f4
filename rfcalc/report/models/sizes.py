"""What `rfcalc sizes` prints, also with --tile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NotRequired, TypedDict

from rfcalc.report.models.parts import ShapeData

RuleData = TypedDict(
    "RuleData",
    {
        "text": Annotated[str, "the rule in words"],
        "smallest": Annotated[int | None, "the smallest size; null where none fits"],
        "from": Annotated[int | None, "from here on n fits if and only if n mod period is one of the residues"],
        "period": Annotated[int | None, "the period; null where no rule is known"],
        "residues": Annotated[Sequence[int], "the residues that fit"],
        "irregular": Annotated[Sequence[int], "the sizes below that fit"],
    },
)
RuleData.__doc__ = "Which sizes of one axis fit."


class RefusalData(TypedDict):
    """A layer that refuses sizes."""

    layer: Annotated[str, "the layer"]
    sizes: Annotated[int, "how many sizes it refuses"]
    example: Annotated[int, "one of them"]
    message: Annotated[str, "what it says of that one"]


class AxisSizesData(TypedDict):
    """The sizes of one axis."""

    axis: Annotated[int, "the axis, from 0"]
    tried: Annotated[tuple[int, int], "the first and the last size that were tried"]
    fits: Annotated[RuleData, "sizes at which all layers agree and no strided layer drops rows"]
    runs: Annotated[RuleData, "sizes at which the network runs"]
    padding_free: Annotated[int | None, "smallest size at which some unit touches no padding; null where none was found"]
    refusals: Annotated[Sequence[RefusalData], "layers that refuse sizes"]


class GrowthData(TypedDict):
    """The network at one size."""

    input: Annotated[Sequence[int], "size of the input"]
    output: Annotated[ShapeData, "shape of the output"]
    macs: Annotated[int, "multiply-accumulates"]
    peak_activation_bytes: Annotated[int, "peak of live activations, float32, batch 1"]
    approximate: NotRequired[Annotated[Sequence[str], "the keys whose figures are not exact"]]


class SkipData(TypedDict):
    """A map of which strided layers leave out rows at any size."""

    layer: Annotated[str, "the map"]
    read_by: Annotated[Sequence[str], "the layers that step over its rows"]


class SizesData(TypedDict):
    """The input sizes of a network."""

    name: Annotated[str, "the network's name"]
    source: Annotated[str, "the file, or what else it was read from"]
    padding_free_layer: Annotated[str | None, "the layer whose units without padding are asked for"]
    axes: Annotated[Sequence[AxisSizesData], "the rules per axis"]
    growth: Annotated[Sequence[GrowthData], "the network at several sizes"]
    skips: Annotated[Sequence[SkipData], "maps with rows that no layer reads"]


class AxisTileData(TypedDict):
    """A tile along one axis."""

    tile: Annotated[int, "size of a tile"]
    output: Annotated[int, "units of output of a tile"]
    keep: Annotated[tuple[int, int], "the units of it that are kept, inclusive"]
    pixels_per_unit: Annotated[float, "input pixels per unit of output"]
    halo: Annotated[tuple[int, int], "pixels before and after that what is kept depends on"]
    aligned_halo: Annotated[tuple[int, int], "the same, on the grid"]
    grid: Annotated[int, "tiles start at multiples of this"]
    step: Annotated[int, "pixels from one tile to the next"]
    overlap: Annotated[int, "pixels that neighbours share"]


class TileData(TypedDict):
    """Tiles for one output."""

    layer: Annotated[str, "the output"]
    work: Annotated[float, "work on the tiles against work on the whole image"]
    fitting_tiles: Annotated[Sequence[Sequence[int]], "--keep: the smallest tiles that fit"]
    axes: Annotated[Sequence[AxisTileData], "the tile per axis"]


class TilesData(TypedDict):
    """Tiles of a network that stitch without seams."""

    name: Annotated[str, "the network's name"]
    source: Annotated[str, "the file, or what else it was read from"]
    tiles: Annotated[Sequence[TileData], "per output"]
