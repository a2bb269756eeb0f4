"""Upsampling without weights: nearest, linear, cubic; by a factor or to a size."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Bool, Int, Number, Optional, PerAxis, Word, setting
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record
from rfcalc.relations.channels import SAME
from rfcalc.relations.geometry import IDENTITY, Reach, Window, per_axis
from rfcalc.relations.read import Read
from rfcalc.relations.sampling import interpolate, nearest
from rfcalc.relations.shape import Shape, Shapes

LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


@record
class Upsample(Op):
    """Interpolation to another size, larger or smaller. With a second input: to that input's size."""

    word: ClassVar[str] = "upsample"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "scale"
    arity: ClassVar[tuple[int, int | None]] = (1, 2)
    example: ClassVar[tuple[str, ...]] = ("{scale: 2, mode: bilinear}", "16x32x32")

    scale: float | tuple[float, ...] | None = setting(Optional(PerAxis(Number(1e-6, 4096))), "s", default=None, help="factor")
    size: int | tuple[int, ...] | None = setting(Optional(PerAxis(Int())), default=None, help="output size")
    mode: str = setting(
        Word(("nearest", "bilinear", "bicubic", "linear", "trilinear")), default="nearest", help="interpolation"
    )
    align_corners: bool = setting(Bool(), default=False, help="whether the corner units' centres coincide")

    def shape(self, inputs: Shapes) -> Shape:
        source = inputs[0]
        if not source.rank:
            raise RuleError(f"needs an input with spatial axes; this one is a vector of {source.channels}")
        if self.align_corners and self.mode == "nearest":
            raise RuleError("align_corners has no meaning for nearest")
        if self.mode == "bicubic" and source.rank != 2:
            raise RuleError(f"bicubic needs 2 axes, not {source.rank}")
        if (self.scale is not None) + (self.size is not None) + (len(inputs) > 1) != 1:
            raise RuleError("needs one of scale, size and a second input whose size it takes")
        if len(inputs) > 1:
            if inputs[1].rank != source.rank:
                raise RuleError(f"inputs differ in rank: {source}, {inputs[1]}")
            return Shape(source.channels, inputs[1].size)
        if self.size is not None:
            return Shape(source.channels, per_axis(self.size, source.rank, "size"))
        size = tuple(int(n * float(s)) for n, s in zip(source.size, self._scales(source), strict=True))
        if min(size) < 1:
            raise RuleError(f"the scale leaves no output: {source} becomes {size}")
        return Shape(source.channels, size)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        source, out = inputs[0], self.shape(inputs)
        scales = self._scales(source) if self.scale is not None else (None,) * source.rank
        reads = Read(0, tuple(self._axis(*axis, source.rank) for axis in zip(source.size, out.size, scales, strict=True)), SAME)
        return (reads,)

    def _axis(self, n: int, out: int, scale: float | None, rank: int) -> Reach:
        exact = None if scale is None else Fraction(scale).limit_denominator(10**6)
        if self.mode == "nearest":
            return nearest(n, out, exact, rank)
        if n == out and (self.mode != "bicubic" or exact is None or exact == 1 or self.align_corners):
            return IDENTITY  # linear modes copy an axis whose size stays, whatever the scale; bicubic does not
        return interpolate(n, out, self.align_corners, exact, self.mode == "bicubic")

    def cost(self, inputs: Shapes) -> Cost:
        out = self.shape(inputs)
        kind = f"{self.mode}{out.rank}d" if self.mode in ("nearest", "bicubic") else f"{LINEAR[out.rank]}{out.rank}d"
        return Cost(
            macs=0,
            params=0,
            buffers=0,
            elements=((f"upsample_{kind}", out.elements),),
            keeps=Keeps.NOTHING,
            storage=Storage.NEW,
        )

    def torch(self, inputs: Shapes) -> Torch:
        mode = self.mode if self.mode in ("nearest", "bicubic") else LINEAR[inputs[0].rank]
        corners = "" if mode == "nearest" else f", align_corners={self.align_corners}"
        if self.scale is not None:
            return Torch(f"nn.Upsample(scale_factor={_tuple(self._scales(inputs[0]))}, mode={mode!r}{corners})")
        return Torch(f"nn.Upsample(size={self.shape(inputs).size}, mode={mode!r}{corners})")

    def _scales(self, source: Shape) -> tuple[float, ...]:
        scale = self.scale
        if isinstance(scale, tuple):
            if len(scale) != source.rank:
                raise RuleError(f"scale has {len(scale)} numbers for an input of {source.rank} axes")
            return tuple(map(float, scale))
        return (float(scale or 1),) * source.rank


@record
class ZeroStuff(Op):
    """Zeros between the units: size (n-1)*stride + 1. A transposed convolution is this, then a convolution of stride 1."""

    word: ClassVar[str] = "zerostuff"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "stride"
    example: ClassVar[tuple[str, ...]] = ("2", "16x32x32")

    stride: int | tuple[int, ...] = setting(PerAxis(Int()), "s", help="distance of the input's units in the output")

    def shape(self, inputs: Shapes) -> Shape:
        source = inputs[0]
        if not source.rank:
            raise RuleError(f"needs an input with spatial axes; this one is a vector of {source.channels}")
        windows = self._windows(source)
        return Shape(source.channels, tuple(w.transposed_out(n, 0) for n, w in zip(source.size, windows, strict=True)))

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (Read(0, tuple(window.transposed_reach() for window in self._windows(inputs[0])), SAME),)

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(macs=0, params=0, buffers=0, elements=(), keeps=Keeps.NOTHING, storage=Storage.NEW)

    def torch(self, inputs: Shapes) -> Torch:
        return Torch(f"ZeroStuff({per_axis(self.stride, inputs[0].rank, 'stride')})", helper=ZERO_STUFF)

    def _windows(self, source: Shape) -> tuple[Window, ...]:
        return tuple(Window(1, stride, 1) for stride in per_axis(self.stride, source.rank, "stride"))


ZERO_STUFF = '''
class ZeroStuff(nn.Module):
    """Zeros between the units of a map."""

    def __init__(self, stride):
        super().__init__()
        self.stride = stride

    def forward(self, x):
        size = [(n - 1) * s + 1 for n, s in zip(x.shape[2:], self.stride)]
        y = x.new_zeros(*x.shape[:2], *size)
        y[(..., *(slice(None, None, s) for s in self.stride))] = x
        return y
'''


def _tuple(values: tuple[float, ...]) -> str:
    return repr(values[0]) if len(set(values)) == 1 else repr(values)
