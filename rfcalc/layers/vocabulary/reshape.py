"""Layers that move numbers between channels and positions, or among channels."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Int, setting
from rfcalc.layers.strides import moved, packed
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record, replace
from rfcalc.relations.channels import Route, told_apart
from rfcalc.relations.geometry import Reach, grow, window
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape, Shapes

Steps = tuple[tuple[int, ...], tuple[int, ...]]

MOST_ROWS = 500_000  # of a map that reorg cuts; YOLOv2 has 4,864


@record
class PixelShuffle(Op):
    """Sub-pixel rearrangement (ESPCN): ratio^axes channels become a position each; the map grows `ratio` times."""

    word: ClassVar[str] = "pixelshuffle"
    kind: ClassVar[LayerKind] = LayerKind.VIEW
    main: ClassVar[str] = "ratio"
    example: ClassVar[tuple[str, ...]] = ("2", "16x32x32")

    ratio: int = setting(Int(1, 64), "r", help="how many times the map grows on each axis")

    def shape(self, inputs: Shapes) -> Shape:
        return grown(inputs[0], self.ratio)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return shuffled(inputs[0], self.ratio, channel_first=True)

    def cost(self, inputs: Shapes) -> Cost:
        return moving_cost(
            inputs[0], self.shape(inputs), None if inputs[0].rank == 2 else shuffling(inputs[0], self.ratio, True)
        )

    def torch(self, inputs: Shapes) -> Torch:
        if inputs[0].rank == 2:
            return Torch(f"nn.PixelShuffle({self.ratio})")
        return Torch("", moving(self.shape(inputs), *shuffling(inputs[0], self.ratio, True)))


@record
class PixelUnshuffle(Op):
    """Space to depth: blocks of ratio^axes positions become channels, in torch's order (channel first, then position)."""

    word: ClassVar[str] = "pixelunshuffle"
    kind: ClassVar[LayerKind] = LayerKind.VIEW
    main: ClassVar[str] = "ratio"
    example: ClassVar[tuple[str, ...]] = ("2", "16x32x32")

    ratio: int = setting(Int(1, 64), "r", help="how many times the map shrinks on each axis")

    def shape(self, inputs: Shapes) -> Shape:
        return shrunk(inputs[0], self.ratio)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return unshuffled(inputs[0], self.ratio, channel_first=True)

    def cost(self, inputs: Shapes) -> Cost:
        return moving_cost(
            inputs[0], self.shape(inputs), None if inputs[0].rank == 2 else shuffling(inputs[0], self.ratio, False)
        )

    def torch(self, inputs: Shapes) -> Torch:
        if inputs[0].rank == 2:
            return Torch(f"nn.PixelUnshuffle({self.ratio})")
        return Torch("", moving(self.shape(inputs), *shuffling(inputs[0], self.ratio, False)))


@record
class SpaceToDepth(Op):
    """Space to depth in the order of TensorFlow, ONNX and darknet's reorg3d: position within the block first, then channel."""

    word: ClassVar[str] = "spacetodepth"
    kind: ClassVar[LayerKind] = LayerKind.VIEW
    main: ClassVar[str] = "ratio"
    example: ClassVar[tuple[str, ...]] = ("2", "16x32x32")

    ratio: int = setting(Int(1, 64), "r", help="how many times the map shrinks on each axis")

    def shape(self, inputs: Shapes) -> Shape:
        return shrunk(inputs[0], self.ratio)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return unshuffled(inputs[0], self.ratio, channel_first=False)

    def cost(self, inputs: Shapes) -> Cost:
        return moving_cost(inputs[0], self.shape(inputs), self._steps(inputs[0]))

    def torch(self, inputs: Shapes) -> Torch:
        return Torch("", moving(self.shape(inputs), *self._steps(inputs[0])))

    def _steps(self, source: Shape) -> Steps:
        rank, r = source.rank, self.ratio
        inner = (-1, source.channels, *(m for n in source.size for m in (n // r, r)))
        return inner, (0, *(3 + 2 * i for i in range(rank)), 1, *(2 + 2 * i for i in range(rank)))


@record
class DepthToSpace(Op):
    """Depth to space in the order of TensorFlow and ONNX's DCR: channels hold the position within the block first."""

    word: ClassVar[str] = "depthtospace"
    kind: ClassVar[LayerKind] = LayerKind.VIEW
    main: ClassVar[str] = "ratio"
    example: ClassVar[tuple[str, ...]] = ("2", "16x32x32")

    ratio: int = setting(Int(1, 64), "r", help="how many times the map grows on each axis")

    def shape(self, inputs: Shapes) -> Shape:
        return grown(inputs[0], self.ratio)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return shuffled(inputs[0], self.ratio, channel_first=False)

    def cost(self, inputs: Shapes) -> Cost:
        return moving_cost(inputs[0], self.shape(inputs), self._steps(inputs[0]))

    def torch(self, inputs: Shapes) -> Torch:
        return Torch("", moving(self.shape(inputs), *self._steps(inputs[0])))

    def _steps(self, source: Shape) -> Steps:
        rank, r = source.rank, self.ratio
        inner = (-1, *(r,) * rank, source.channels // r**rank, *source.size)
        return inner, (0, 1 + rank, *(axis for i in range(rank) for axis in (2 + rank + i, 1 + i)))


@record
class Reorg(Op):
    """Darknet's [reorg] as it is: it takes its input's numbers, in memory order, for a map of ratio^2 times fewer channels.

    So a unit reads rows from up to ratio blocks away, and at the end of each run of ratio^2 channels the top of the next one.
    The layer that was meant is `spacetodepth`. (darknet's blas.c, reorg_cpu with forward = 0)
    """

    word: ClassVar[str] = "reorg"
    kind: ClassVar[LayerKind] = LayerKind.VIEW
    main: ClassVar[str] = "ratio"
    example: ClassVar[tuple[str, ...]] = ("2", "16x32x32")

    ratio: int = setting(Int(1, 8), "r", help="how many times the map shrinks on each axis")

    def shape(self, inputs: Shapes) -> Shape:
        if inputs[0].rank != 2:
            raise RuleError(f"needs an input with 2 spatial axes; this one is {inputs[0]}")
        if inputs[0].channels % self.ratio**2:
            raise RuleError(f"{inputs[0].channels} channels are not a multiple of {self.ratio}^2")
        rows = inputs[0].channels * self.ratio * inputs[0].size[0]
        if rows > MOST_ROWS:
            raise RuleError(f"moves {rows:,} rows, each to a place of its own; at most {MOST_ROWS:,} are possible")
        return shrunk(inputs[0], self.ratio)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return reorganized(inputs[0], self.ratio)

    def cost(self, inputs: Shapes) -> Cost:
        cost = moving_cost(inputs[0], self.shape(inputs), self._steps(inputs[0]))
        return replace(cost, packs=True)  # channels and rows are cut anew, as one

    def torch(self, inputs: Shapes) -> Torch:
        return Torch("", moving(self.shape(inputs), *self._steps(inputs[0])))

    def _steps(self, source: Shape) -> Steps:
        (height, width), r = source.size, self.ratio
        return (-1, source.channels // r**2, height, r, width, r), (0, 3, 5, 1, 2, 4)


@lru_cache(maxsize=64)
def reorganized(source: Shape, r: int) -> tuple[Read, ...]:
    """Columns: unit i reads r*i + a. Rows depend on the channel: row `y` of output channel `k` is row `number` of all rows in
    memory, of width / r each; r of them make a row of the input, and the map that is cut into blocks has rows r times wider."""
    height, runs = source.size[0], source.channels // r**2
    rows = height // r
    groups: dict[tuple[int, tuple[tuple[int, ...], ...]], list[tuple[int, int]]] = {}
    for k in range(source.channels * r**2):
        taken: dict[int, dict[int, int]] = {}  # input channel: {output row: input row}
        for y in range(rows):
            whole, part = divmod(k * rows + y, r)
            plane, j = divmod(whole, height)
            offset, run = divmod(plane, runs)
            channel, row = divmod(r * (run * height * r + r * j + offset // r) + part, height)
            taken.setdefault(channel, {})[y] = row
        for channel, pairs in taken.items():
            table: tuple[tuple[int, ...], ...] = tuple((pairs[y],) if y in pairs else () for y in range(rows))
            groups.setdefault((offset % r, table), []).append((k, channel))
    reads = []
    for (a, rows_read), channels in groups.items():
        axes = (Reach(rows, height, rows_read), window(1, r, 1, -a))
        reads.append(Read(0, axes, Route(tuple(k for k, _ in channels), tuple(c for _, c in channels))))
    return tuple(reads)


def shrunk(source: Shape, ratio: int) -> Shape:
    """The shape after blocks of positions became channels."""
    _need_axes(source)
    if any(n % ratio for n in source.size):
        raise RuleError(f"the size {'x'.join(map(str, source.size))} is not a multiple of {ratio}")
    return Shape(told_apart(source.channels * ratio**source.rank), tuple(n // ratio for n in source.size))


def grown(source: Shape, ratio: int) -> Shape:
    """The shape after channels became blocks of positions."""
    _need_axes(source)
    if told_apart(source.channels) % ratio**source.rank:
        raise RuleError(f"{source.channels} channels are not a multiple of {ratio}^{source.rank}")
    return Shape(source.channels // ratio**source.rank, tuple(n * ratio for n in source.size))


def shuffled(source: Shape, ratio: int, channel_first: bool) -> tuple[Read, ...]:
    """One Read per position f within a block, of channel c*each + f (channel first) or f*channels + c for output channel c."""
    axes, each = (grow(ratio),) * source.rank, ratio**source.rank
    if ratio == 1:
        return (Read(0, axes),)
    channels, reads = source.channels // each, []
    for index, phase in enumerate(product(range(ratio), repeat=source.rank)):
        taken = range(index, source.channels, each) if channel_first else range(index * channels, (index + 1) * channels)
        reads.append(Read(0, axes, Route(range(channels), taken), tuple((ratio, f) for f in phase)))
    return tuple(reads)


def unshuffled(source: Shape, ratio: int, channel_first: bool) -> tuple[Read, ...]:
    """One Read per position within a block; output channel c*each + f (channel first) or f*channels + c reads channel c."""
    each, channels = ratio**source.rank, source.channels
    reads = []
    for index, phase in enumerate(product(range(ratio), repeat=source.rank)):
        axes = tuple(_strided(ratio, f) for f in phase)
        out = range(index, channels * each, each) if channel_first else range(index * channels, (index + 1) * channels)
        reads.append(Read(0, axes, Route(out, range(channels))))
    return tuple(reads)


def _strided(ratio: int, offset: int) -> Reach:
    return window(1, ratio, 1, -offset)


def shuffling(source: Shape, ratio: int, up: bool) -> Steps:
    """Pixel shuffle (up) or unshuffle for 1 or 3 axes: how the axes are split, batch first, and their new order."""
    rank, r = source.rank, ratio
    if up:
        inner = (-1, source.channels // r**rank, *(r,) * rank, *source.size)
        return inner, (0, 1, *(axis for i in range(rank) for axis in (2 + rank + i, 2 + i)))
    inner = (-1, source.channels, *(m for n in source.size for m in (n // r, r)))
    return inner, (0, 1, *(3 + 2 * i for i in range(rank)), *(2 + 2 * i for i in range(rank)))


def moving(out: Shape, inner: tuple[int, ...], order: tuple[int, ...]) -> str:
    """Axes that are split, moved and joined, as torch writes it."""
    return f"{{0}}.reshape({inner}).permute({order}).reshape({_batched(out)})"


def moving_cost(source: Shape, out: Shape, steps: Steps | None) -> Cost:
    """The cost of that; without steps torch does it in one that always copies."""
    strides = steps and moved((1, *steps[0][1:]), steps[1], (out.channels, *out.size))
    view, sizes = strides is not None, [n for n in (out.channels, *out.size) if n > 1]
    scattered = strides is not None and strides != packed(sizes)
    elements = (("copy", source.elements),)
    return Cost(
        macs=0,
        params=0,
        buffers=0,
        elements=elements,
        keeps=Keeps.NOTHING,
        storage=Storage.VIEW if view else Storage.NEW,
        scattered=scattered,
        moves=not view,
        packs=view,
    )


def _batched(shape: Shape) -> tuple[int, ...]:
    return (-1, shape.channels, *shape.size)


def _need_axes(shape: Shape) -> None:
    if shape.rank not in (1, 2, 3):
        raise RuleError(f"needs an input with 1 to 3 spatial axes; this one is {shape}")
