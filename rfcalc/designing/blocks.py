"""The blocks that a design is made of: the layers of each kind, what it adds to the receptive field, what it costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rfcalc.layers.contract import Op
from rfcalc.layers.words import make
from rfcalc.record import record
from rfcalc.relations.shape import Shape

# A layer of a block as (word, settings); each is followed by a batch norm.
Layer = tuple[str, dict[str, Any]]


@dataclass(frozen=True, order=True)
class BlockChoice:
    """One block: its kind (a key of KINDS), and the kernel and the dilation of its spatial convolutions."""

    dilation: int
    kernel: int
    kind: str = "plain"


@record
class Move:
    """A block at its place in a design.

    growth: pixels added to the field. need: least field, in pixels, at which it leaves no holes. spread: 24 times what it
    adds to the variance of the effective field, in squared pixels. depth: convolutions on its main path.
    """

    unit: BlockChoice
    growth: int
    need: int
    spread: int
    macs: int
    params: int
    depth: int


@record
class BlockKind:
    """A kind of block: the layers of its main path for (unit, output channels, stride), and whether it has a skip."""

    main: Callable[[BlockChoice, int, int], Sequence[Layer]]
    residual: bool = False


def _plain(unit: BlockChoice, width: int, stride: int) -> Sequence[Layer]:
    return (_conv(width, unit, stride),)


def _separable(unit: BlockChoice, width: int, stride: int) -> Sequence[Layer]:
    depthwise = {"kernel": unit.kernel, "stride": stride, "dilation": unit.dilation, "bias": False}
    return (("dwconv", depthwise), _point(width))


def _basic(unit: BlockChoice, width: int, stride: int) -> Sequence[Layer]:
    return (_conv(width, unit, stride), _conv(width, unit, 1))


def _bottleneck(unit: BlockChoice, width: int, stride: int) -> Sequence[Layer]:
    narrow = max(1, width // 4)
    return (_point(narrow), _conv(narrow, unit, stride), _point(width))


def _conv(width: int, unit: BlockChoice, stride: int) -> Layer:
    return "conv", {"out": width, "kernel": unit.kernel, "stride": stride, "dilation": unit.dilation, "bias": False}


def _point(width: int, stride: int = 1) -> Layer:
    return "conv", {"out": width, "kernel": 1, "stride": stride, "bias": False}


KINDS: dict[str, BlockKind] = {
    "plain": BlockKind(_plain),
    "separable": BlockKind(_separable),
    "basic": BlockKind(_basic, residual=True),
    "bottleneck": BlockKind(_bottleneck, residual=True),
}


def projected(unit: BlockChoice, source: Shape, width: int, stride: int) -> bool:
    """True if the block's skip needs a 1x1 convolution, because the shape changes."""
    return KINDS[unit.kind].residual and (stride > 1 or source.channels != width)


def place(unit: BlockChoice, source: Shape, width: int, stride: int, pixels: int) -> tuple[Move, Shape]:
    """A block that reads `source`, whose units lie `pixels` apart; and the shape that it gives."""
    kind = KINDS[unit.kind]
    growth = spread = depth = 0
    need, step = 1, pixels
    main = kind.main(unit, width, stride)
    for _, settings in main:
        kernel, gap = settings["kernel"], step * settings.get("dilation", 1)
        if kernel > 1:
            need = max(need, gap - growth)
        growth += gap * (kernel - 1)
        spread += 2 * gap * gap * (kernel * kernel - 1)
        depth += 1
        step *= settings.get("stride", 1)
    macs, params, shape = _cost(main, source)
    if projected(unit, source, width, stride):
        more = _cost([_point(width, stride)], source)
        macs, params = macs + more[0], params + more[1]
    return Move(unit, growth, need, spread // 2 if kind.residual else spread, macs, params, depth), shape


def _cost(layers: Sequence[Layer], shape: Shape) -> tuple[int, int, Shape]:
    macs = params = 0
    for word, settings in layers:
        for op in (make(word, **settings), make("bn")):
            cost, shape = _facts(op, shape)
            macs, params = macs + cost[0], params + cost[1]
    return macs, params, shape


def _facts(op: Op, source: Shape) -> tuple[tuple[int, int], Shape]:
    cost = op.cost((source,))
    return (cost.macs, cost.params), op.shape((source,))
