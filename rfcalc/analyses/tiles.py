"""Tiled inference: how much of a tile's output equals the output on the whole image, and how tiles must be placed.

A unit of a tile is right if it touches none of the padding at the tile's edges (at an edge of the image that padding is
right). Tiles must start at multiples of the grid, by which every layer shifts by whole units and whole periods.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

from rfcalc.errors import RuleError
from rfcalc.fields.clean import Clean, longest_run
from rfcalc.fields.forward import supports
from rfcalc.fields.resized import Resized, ShapesAtSize, SizeError
from rfcalc.graph import Graph, Node
from rfcalc.record import record
from rfcalc.relations.read import Read

EVEN = 128  # steps of the grid by which an image is made larger, to see that a fraction of its units is always whole


@record
class AxisTile:
    """One axis of a tile, in pixels unless said otherwise.

    keep: first and last output unit that is right. stride: pixels per output unit. halo: pixels before and after what is
    kept. grid: what tiles' positions are multiples of. step: from one tile to the next, the largest multiple of the grid
    without a gap. overlap: what neighbouring tiles share.
    """

    size: int
    output: int
    keep: tuple[int, int]
    stride: Fraction
    halo: tuple[int, int]
    grid: int

    @property
    def aligned(self) -> tuple[int, int]:
        """The halo, rounded up to the grid."""
        before, after = (-(-side // self.grid) * self.grid for side in self.halo)
        return before, after

    @property
    def step(self) -> int:
        """Pixels from one tile to the next."""
        return int((self.keep[1] - self.keep[0] + 1) * self.stride) // self.grid * self.grid

    @property
    def overlap(self) -> int:
        """Pixels that a tile shares with the next."""
        return self.size - self.step


class TileTooSmallError(RuleError):
    """A larger tile would do."""


class Tiling:
    """Tiles of a network's output `target`; raises RuleError where no tiling can be right, naming the layer."""

    def __init__(self, graph: Graph, target: int) -> None:
        self.graph, self.target = graph, target
        self.sizes = ShapesAtSize(graph)
        self.rank = len(self.sizes.image)
        self.path = _ancestors(graph, target)
        self.supports = supports(graph, graph.inputs[0])
        self._refuse_global()
        self.strides = [self._stride(axis) for axis in range(self.rank)]
        self.grids = [self._grid(axis) for axis in range(self.rank)]
        self._clean = [Clean(self.sizes, axis) for axis in range(self.rank)]

    def _refuse_global(self) -> None:
        for i in self.path:
            node = self.graph.nodes[i]
            for read in node.reads:
                if not read.local and self.supports[node.inputs[read.source]].terms:
                    raise RuleError(
                        f'no tiling is exact: {node.op.word} "{node.name}" reads the whole of its input '
                        f"({node.shapes[read.source]}), so every output depends on every pixel"
                    )

    def _stride(self, axis: int) -> Fraction:
        rates = {term.axes[axis].rate for term in self.supports[self.target].terms}
        if len(rates) != 1:
            raise RuleError(f'"{self.graph.nodes[self.target].name}" has no single stride')
        return rates.pop()

    def _grid(self, axis: int) -> int:
        """The least number of pixels by which the image may shift so that each layer shifts by whole periods."""
        grid = 1
        for i in self.path:
            rates = {term.axes[axis].rate for term in self.supports[i].terms}
            for read in self.graph.nodes[i].reads:
                reach = read.axes[axis] if read.axes else None
                period = lcm(reach.period if reach else 1, read.phases[axis][0] if read.phases else 1)
                grid = lcm(grid, *((rate * period).numerator for rate in rates if rate))
        return grid

    def field(self, axis: int) -> int:
        """The largest receptive field of the output's units on an axis."""
        fields = (term.axes[axis] for term in self.supports[self.target].terms)
        return max((span[1] - span[0] + 1 for field in fields for span in field.spans if span is not None), default=1)

    def tile(self, size: Sequence[int]) -> tuple[AxisTile, ...]:
        """Every axis of a tile of this size; raises RuleError where it does not fit, TileTooSmallError where too little of it
        is right to stitch."""
        layers = self._at(size)
        self._refuse_dependent(size, layers)
        if self._differs(layers):
            return Tiling(self.sizes.graph_at(size), self.target).tile(size)
        self._refuse_uneven(size, layers)
        shape = layers[self.target].shape
        return tuple(self._axis(axis, tuple(size), shape.size[axis]) for axis in range(self.rank))

    def tile_for(self, output: int, candidates: Sequence[Sequence[int]]) -> tuple[AxisTile, ...]:
        """The first of the candidate sizes of which at least `output` units per axis are kept, in whole steps of the grid;
        raises RuleError where none will do."""
        for size in candidates:
            try:
                axes = self.tile(size)
            except RuleError:
                continue
            if all(axis.step >= output * axis.stride for axis in axes):
                return axes
        raise RuleError(f"no tile that was tried keeps {output} units of output")

    def _axis(self, axis: int, size: tuple[int, ...], output: int) -> AxisTile:
        kept = longest_run(self._clean[axis].rows(size, self.target).clean)
        if kept is None:
            raise TileTooSmallError(f"a tile of {size[axis]} is too small: each output touches padding at its edges")
        stride, n = self.strides[axis], size[axis]
        margin = max(0, int(n - output * stride)) // 2
        before = margin + int(kept[0] * stride)
        after = n - margin - int((kept[1] + 1) * stride)
        axis_tile = AxisTile(n, output, kept, stride, (before, max(0, after)), self.grids[axis])
        if not axis_tile.step:
            count = kept[1] - kept[0] + 1
            raise TileTooSmallError(f"a tile of {n} is too small: {count} right outputs are less than a step of the grid")
        return axis_tile

    def _at(self, size: Sequence[int]) -> list[Resized]:
        try:
            return self.sizes.at(size)
        except SizeError as error:
            raise RuleError(f"a tile of {'x'.join(map(str, size))} does not fit: {error}") from None

    def _differs(self, layers: list[Resized]) -> bool:
        """Whether a layer on the way reads by another relation than at the graph's own size: grid and stride may differ."""
        pairs = [(self.graph.nodes[i].reads, layers[i].reads) for i in self.path]
        return tuple(layers[self.graph.inputs[0]].shape.size) != self.sizes.image and any(
            not _alike(a, b) for reads, others in pairs for a, b in zip(reads, others, strict=True)
        )

    def _refuse_dependent(self, size: Sequence[int], layers: list[Resized]) -> None:
        """Layers whose reach depends on the size see another place in a tile than in the image."""
        larger = [n + grid for n, grid in zip(size, self.grids, strict=True)]
        more = self._at(larger)
        for i in self.path:
            self._refuse_statistics(self.graph.nodes[i], layers[i], more[i])
            if not all(_alike(*both) for both in zip(layers[i].reads, more[i].reads, strict=True)):
                node = self.graph.nodes[i]
                raise RuleError(
                    f'no tiling is exact: what {node.op.word} "{node.name}" reads depends on the size of the whole '
                    "map (a ratio of sizes), so that a tile is not a part of the image"
                )

    def _refuse_uneven(self, size: Sequence[int], layers: list[Resized]) -> None:
        """Layers that turn so many units into a fraction of them, and round: a larger image may have one unit less than its
        tiles have together."""
        for axis, grid in enumerate(self.grids):
            fractions = [i for i in self.path for read in layers[i].reads for a in read.axes if a and a.period > 1 < a.advance]
            for count in range(1, EVEN if fractions else 0):
                larger = self._at((*size[:axis], size[axis] + count * grid, *size[axis + 1 :]))
                for i in fractions:
                    step = larger[i].shape.size[axis] - layers[i].shape.size[axis]
                    rates = {term.axes[axis].rate for term in self.supports[i].terms}
                    if any(step * rate != count * grid for rate in rates):
                        node = self.graph.nodes[i]
                        raise RuleError(
                            f'no tiling is exact: {node.op.word} "{node.name}" rounds: at a size of '
                            f"{size[axis] + count * grid} it gives {larger[i].shape}, not what its tiles give together"
                        )

    def _refuse_statistics(self, node: Node, a: Resized, b: Resized) -> None:
        """Norms that take statistics over the map: as many numbers per image, however large the map is."""
        if node.cost.words and node.shape.rank:
            kept = [node.op.cost(each.inputs).words for each in (a, b)]
            if kept[0] == kept[1] and a.inputs != b.inputs:
                raise RuleError(
                    f'no tiling is exact: {node.op.word} "{node.name}" takes statistics over the whole map, '
                    "which are others in a tile (a batch norm's are fixed)"
                )


def _alike(read: Read, other: Read) -> bool:
    """Whether two reads are the same relation on each axis."""
    return all(
        a is b or (a is not None and b is not None and (a.period, a.advance, a.taps) == (b.period, b.advance, b.taps))
        for a, b in zip(read.axes, other.axes, strict=True)
    )


def _ancestors(graph: Graph, target: int) -> list[int]:
    """The nodes that a node depends on by what it reads, and itself, in order."""
    wanted = {target}
    for i in range(target, -1, -1):
        if i in wanted:
            node = graph.nodes[i]
            wanted |= {node.inputs[read.source] for read in node.reads}
    return sorted(wanted)
