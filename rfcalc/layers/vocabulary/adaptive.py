"""Pools whose windows depend on the input's size: adaptive and global, average and maximum."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Int, Optional, PerAxis, setting
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record
from rfcalc.relations.channels import SAME
from rfcalc.relations.geometry import IDENTITY, per_axis
from rfcalc.relations.read import Read
from rfcalc.relations.sampling import adaptive
from rfcalc.relations.shape import Shape, Shapes

AXIS_HELP = "pool along this axis only (0 is the first); all axes if left out"


@record
class AdaptivePool(Op):
    """Average over windows that depend on the input's size, so that the output has the size `out`."""

    word: ClassVar[str] = "adaptivepool"
    kind: ClassVar[LayerKind] = LayerKind.POOL
    main: ClassVar[str] = "out"
    example: ClassVar[tuple[str, ...]] = ("7", "16x32x32")

    out: int | tuple[int, ...] = setting(PerAxis(Int()), help="output size")

    def shape(self, inputs: Shapes) -> Shape:
        return Shape(inputs[0].channels, per_axis(self.out, _rank(inputs[0]), "out"))

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (adaptive_read(inputs[0], self.shape(inputs)),)

    def cost(self, inputs: Shapes) -> Cost:
        return average_cost(inputs[0], self.shape(inputs))

    def torch(self, inputs: Shapes) -> Torch:
        return Torch(f"nn.AdaptiveAvgPool{inputs[0].rank}d({_text(self.shape(inputs).size)})")


@record
class AdaptiveMaxPool(Op):
    """Maximum over windows that depend on the input's size, so that the output has the size `out`."""

    word: ClassVar[str] = "adaptivemaxpool"
    kind: ClassVar[LayerKind] = LayerKind.POOL
    main: ClassVar[str] = "out"
    example: ClassVar[tuple[str, ...]] = ("7", "16x32x32")

    out: int | tuple[int, ...] = setting(PerAxis(Int()), help="output size")

    def shape(self, inputs: Shapes) -> Shape:
        return Shape(inputs[0].channels, per_axis(self.out, _rank(inputs[0]), "out"))

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (adaptive_read(inputs[0], self.shape(inputs)),)

    def cost(self, inputs: Shapes) -> Cost:
        return maximum_cost(inputs[0], self.shape(inputs))

    def torch(self, inputs: Shapes) -> Torch:
        return Torch(f"nn.AdaptiveMaxPool{inputs[0].rank}d({_text(self.shape(inputs).size)})")


@record
class GlobalPool(Op):
    """Global average pooling: the mean over all positions, or along one axis (strip pooling), which keeps the size 1."""

    word: ClassVar[str] = "gap"
    kind: ClassVar[LayerKind] = LayerKind.POOL

    axis: int | None = setting(Optional(Int(0, 7)), default=None, help=AXIS_HELP)

    def shape(self, inputs: Shapes) -> Shape:
        return pooled(inputs[0], self.axis)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (global_read(inputs[0], self.axis),)

    def cost(self, inputs: Shapes) -> Cost:
        return average_cost(inputs[0], self.shape(inputs))

    def torch(self, inputs: Shapes) -> Torch:
        return Torch(f"nn.AdaptiveAvgPool{inputs[0].rank}d({_text(global_size(inputs[0], self.axis))})")


@record
class GlobalMaxPool(Op):
    """Global max pooling: the maximum over all positions, or along one axis, which keeps the size 1."""

    word: ClassVar[str] = "gmp"
    kind: ClassVar[LayerKind] = LayerKind.POOL

    axis: int | None = setting(Optional(Int(0, 7)), default=None, help=AXIS_HELP)

    def shape(self, inputs: Shapes) -> Shape:
        return pooled(inputs[0], self.axis)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (global_read(inputs[0], self.axis),)

    def cost(self, inputs: Shapes) -> Cost:
        return maximum_cost(inputs[0], self.shape(inputs))

    def torch(self, inputs: Shapes) -> Torch:
        return Torch(f"nn.AdaptiveMaxPool{inputs[0].rank}d({_text(global_size(inputs[0], self.axis))})")


def adaptive_read(source: Shape, out: Shape) -> Read:
    """Unit i reads [floor(i n/m), ceil((i+1) n/m)) on each axis; a single unit reads the whole axis."""
    return Read(0, tuple(None if m == 1 else adaptive(n, m) for n, m in zip(source.size, out.size, strict=True)), SAME)


def global_read(source: Shape, axis: int | None) -> Read:
    """The whole of the pooled axes, the own position on the others."""
    return Read(0, tuple(None if axis in (None, k) else IDENTITY for k in range(source.rank)), SAME)


def pooled(source: Shape, axis: int | None) -> Shape:
    """The output shape of a global pool; raises RuleError for an axis that is not there."""
    if axis is not None and axis >= _rank(source):
        raise RuleError(f"there is no axis {axis}: the input {source} has {source.rank} (counted from 0)")
    _rank(source)
    return Shape(source.channels, tuple(1 if axis in (None, k) else n for k, n in enumerate(source.size)))


def global_size(source: Shape, axis: int | None) -> tuple[int | None, ...]:
    """The output size as torch's adaptive pools take it; None keeps an axis."""
    return tuple(1 if axis in (None, k) else None for k in range(source.rank))


def window_elements(source: Shape, out: Shape) -> int:
    """How many elements all windows hold; windows overlap where the output's size does not divide the input's."""
    axes = (sum(-(-(i + 1) * n // m) - i * n // m for i in range(m)) for n, m in zip(source.size, out.size, strict=True))
    return source.channels * prod(axes)


def average_cost(source: Shape, out: Shape) -> Cost:
    """Elements in, summed and out; with a single unit torch takes the mean, whose backward pass needs no tensor."""
    elements = (
        (f"adaptive_avg_pool{source.rank}d_input", source.elements),
        ("adaptive_avg_pool_window", window_elements(source, out)),
        ("adaptive_avg_pool", out.elements),
    )
    return Cost(
        macs=0,
        params=0,
        buffers=0,
        elements=elements,
        keeps=Keeps.INPUT if out.positions > 1 else Keeps.NOTHING,
        storage=Storage.NEW,
    )


def maximum_cost(source: Shape, out: Shape) -> Cost:
    """Elements in and compared; training keeps an index of 8 bytes per output element."""
    elements = (("adaptive_max_pool_input", source.elements), ("adaptive_max_pool", window_elements(source, out)))
    return Cost(
        macs=0,
        params=0,
        buffers=0,
        elements=elements,
        keeps=Keeps.INPUT,
        storage=Storage.NEW,
        words=2 * out.elements,
        scratch=8 * out.elements,
    )


def _rank(shape: Shape) -> int:
    if shape.rank not in (1, 2, 3):
        raise RuleError(f"needs an input with 1 to 3 spatial axes; this one is {shape}")
    return shape.rank


def _text(size: tuple[int | None, ...]) -> str:
    return repr(size[0]) if len(set(size)) == 1 else repr(size)
