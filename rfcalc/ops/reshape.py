"""Layers that move numbers between channels and positions, or among channels."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.geometry import Reach, grow, window
from rfcalc.op import Cost, Read, Route, Shape, Shapes, Torch
from rfcalc.settings import Int, setting


@dataclass(frozen=True)
class PixelShuffle:
    """Sub-pixel rearrangement (ESPCN): ratio^axes channels become a position each; the map grows `ratio` times."""

    word: ClassVar[str] = "pixelshuffle"
    main: ClassVar[str] = "ratio"

    ratio: int = setting(Int(1, 64), "r", help="how many times the map grows on each axis")

    def shape(self, inputs: Shapes) -> Shape:
        source = inputs[0]
        if source.rank not in (1, 2, 3):
            raise RuleError(f"needs an input with spatial axes; this one is a vector of {source.channels}")
        if source.channels % self.ratio**source.rank:
            raise RuleError(f"{source.channels} channels are not a multiple of {self.ratio}^{source.rank}")
        return Shape(source.channels // self.ratio**source.rank, tuple(n * self.ratio for n in source.size))

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        source, r = inputs[0], self.ratio
        axes, each = (grow(r),) * source.rank, r**source.rank
        if r == 1:
            return (Read(0, axes),)
        reads = []
        for index, phase in enumerate(product(range(r), repeat=source.rank)):
            reads.append(
                Read(
                    0,
                    axes,
                    Route(range(source.channels // each), range(index, source.channels, each)),
                    tuple((r, f) for f in phase),
                )
            )
        return tuple(reads)

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(0, 0, 0, (("copy", inputs[0].elements),), "", "new")

    def torch(self, inputs: Shapes) -> Torch:
        if inputs[0].rank == 2:
            return Torch(f"nn.PixelShuffle({self.ratio})")
        return Torch("", rearranged(inputs[0], self.ratio, True))


@dataclass(frozen=True)
class PixelUnshuffle:
    """Space to depth: blocks of ratio^axes positions become channels, in torch's order (channel first, then position)."""

    word: ClassVar[str] = "pixelunshuffle"
    main: ClassVar[str] = "ratio"

    ratio: int = setting(Int(1, 64), "r", help="how many times the map shrinks on each axis")

    def shape(self, inputs: Shapes) -> Shape:
        source = inputs[0]
        if source.rank not in (1, 2, 3):
            raise RuleError(f"needs an input with spatial axes; this one is a vector of {source.channels}")
        if any(n % self.ratio for n in source.size):
            raise RuleError(f"the size {'x'.join(map(str, source.size))} is not a multiple of {self.ratio}")
        return Shape(source.channels * self.ratio**source.rank, tuple(n // self.ratio for n in source.size))

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return unshuffled(inputs[0], self.ratio, channel_first=True)

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(0, 0, 0, (("copy", inputs[0].elements),), "", "new")

    def torch(self, inputs: Shapes) -> Torch:
        if inputs[0].rank == 2:
            return Torch(f"nn.PixelUnshuffle({self.ratio})")
        return Torch("", rearranged(inputs[0], self.ratio, False))


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


def rearranged(source: Shape, ratio: int, up: bool) -> str:
    """Pixel shuffle (up) or unshuffle for 1 or 3 axes, as reshape and permute; batch first."""
    rank, r = source.rank, ratio
    if up:
        inner = (-1, source.channels // r**rank, *(r,) * rank, *source.size)
        order = [0, 1] + [axis for i in range(rank) for axis in (2 + rank + i, 2 + i)]
        outer = (-1, source.channels // r**rank, *(n * r for n in source.size))
    else:
        inner = (-1, source.channels, *(m for n in source.size for m in (n // r, r)))
        order = [0, 1] + [3 + 2 * i for i in range(rank)] + [2 + 2 * i for i in range(rank)]
        outer = (-1, source.channels * r**rank, *(n // r for n in source.size))
    return f"{{0}}.reshape({inner}).permute({tuple(order)}).reshape({outer})"
