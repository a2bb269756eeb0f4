"""Windows as channels (torch's unfold, im2col) and back (fold, col2im)."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Int, ListOf, PerAxis, setting
from rfcalc.layers.strides import in_order, packed, viewed
from rfcalc.layers.traits import LayerKind, Sliding
from rfcalc.record import record, replace
from rfcalc.relations.channels import Grouped, Route
from rfcalc.relations.geometry import Window, per_axis, transposed, window
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape, Shapes

MOST_READS = 256


@record
class Patches(Op):
    """The units of each window as channels: channel c*taps + t is tap t of channel c.

    Windows of more than MOST_READS taps are described as a whole, of all their channels together.
    """

    word: ClassVar[str] = "patches"
    kind: ClassVar[LayerKind] = LayerKind.VIEW
    main: ClassVar[str] = "kernel"
    example: ClassVar[tuple[str, ...]] = ("{k: 3, p: 1}", "16x32x32")

    kernel: int | tuple[int, ...] = setting(PerAxis(Int()), "k", help="window size")
    stride: int | tuple[int, ...] = setting(PerAxis(Int()), "s", default=1, help="stride")
    padding: int | tuple[int, ...] = setting(PerAxis(Int(0)), "p", default=0, help="padding")
    dilation: int | tuple[int, ...] = setting(PerAxis(Int()), "d", default=1, help="distance between taps")

    @property
    def sliding(self) -> Sliding:
        return Sliding(self.kernel, self.stride, self.dilation, self.padding, groups=None)

    def shape(self, inputs: Shapes) -> Shape:
        source, axes = inputs[0], self.sliding.on(inputs[0].size)
        if not axes:
            raise RuleError(f"needs an input with spatial axes; this one is a vector of {source.channels}")
        taps = prod(w.kernel for w in axes)
        return Shape(source.channels * taps, tuple(w.out(n) for n, w in zip(source.size, axes, strict=True)))

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        channels, axes = inputs[0].channels, self.sliding.on(inputs[0].size)
        taps = prod(w.kernel for w in axes)
        if taps > MOST_READS:
            return (Read(0, tuple(w.reach() for w in axes), Grouped(channels, 1, taps), together=True),)
        reads = []
        for t, offsets in enumerate(product(*(range(w.kernel) for w in axes))):
            relations = tuple(window(1, w.stride, 1, w.before - w.dilation * k) for w, k in zip(axes, offsets, strict=True))
            reads.append(Read(0, relations, Route(range(t, channels * taps, taps), range(channels))))
        return tuple(reads)

    def cost(self, inputs: Shapes) -> Cost:
        source, out, axes = inputs[0], self.shape(inputs), self.sliding.on(inputs[0].size)
        cost = Cost(macs=0, params=0, buffers=0, elements=(("copy", out.elements),), keeps=Keeps.NOTHING, storage=Storage.NEW)
        if len(axes) == 2:  # torch makes room for its input and then makes that larger
            return replace(cost, spare=max(0, source.elements - out.elements))
        grown = (source.channels, *(n + 2 * w.before for n, w in zip(source.size, axes, strict=True)))
        along = packed(grown)
        sizes = (source.channels, *(w.kernel for w in axes), *out.size)
        steps = (
            *(s * w.dilation for s, w in zip(along[1:], axes, strict=True)),
            *(s * w.stride for s, w in zip(along[1:], axes, strict=True)),
        )
        strides = viewed(sizes, (along[0], *steps), (out.channels, *out.size))
        if strides is None:
            return replace(cost, inner=prod(grown))
        scattered = not in_order([n for n in (out.channels, *out.size) if n > 1], strides)
        return replace(cost, spare=prod(grown) - out.elements, scattered=scattered)  # a view of the map with its padding

    def torch(self, inputs: Shapes) -> Torch:
        axes, out = self.sliding.on(inputs[0].size), self.shape(inputs)
        if len(axes) == 2:
            settings = ", ".join(
                str(tuple(getattr(w, name) for w in axes)) for name in ("kernel", "dilation", "before", "stride")
            )
            return Torch("", f"F.unfold({{0}}, {settings}).reshape{(-1, out.channels, *out.size)}")
        pads = tuple(w.before for w in reversed(axes) for _ in range(2))
        text = f"F.pad({{0}}, {pads})"
        for k, w in enumerate(axes, 2):
            text += f".unfold({k}, {w.dilation * (w.kernel - 1) + 1}, {w.stride})"
            text += f"[..., ::{w.dilation}]" if w.dilation > 1 else ""
        rank = len(axes)
        order = (0, 1, *range(2 + rank, 2 + 2 * rank), *range(2, 2 + rank))
        return Torch("", f"{text}.permute{order}.reshape{(-1, out.channels, *out.size)}")


@record
class Fold(Op):
    """The inverse of patches: each unit is the sum of what the windows over it hold for it. `size` is the output's.

    Windows of more than MOST_READS taps are described as a whole: a unit is said to read all channels at each of their places.
    """

    word: ClassVar[str] = "fold"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "size"
    example: ClassVar[tuple[str, ...]] = ("{size: [32, 32], k: 2, s: 2}", "64x16x16")

    size: tuple[int, ...] = setting(ListOf(Int()), help="output size, one number per axis")
    kernel: int | tuple[int, ...] = setting(PerAxis(Int()), "k", help="window size")
    stride: int | tuple[int, ...] = setting(PerAxis(Int()), "s", default=1, help="stride")
    padding: int | tuple[int, ...] = setting(PerAxis(Int(0)), "p", default=0, help="padding")
    dilation: int | tuple[int, ...] = setting(PerAxis(Int()), "d", default=1, help="distance between taps")

    @property
    def sliding(self) -> Sliding:
        return Sliding(self.kernel, self.stride, self.dilation, self.padding, groups=None, transposed=True)

    @property
    def bound(self) -> str:
        taps = prod(per_axis(self.kernel, len(self.size), "kernel"))
        return f"of windows of more than {MOST_READS} taps, all channels count at each place" if taps > MOST_READS else ""

    def shape(self, inputs: Shapes) -> Shape:
        source, axes = inputs[0], self._windows(inputs[0])
        taps = prod(w.kernel for w in axes)
        if source.channels % taps:
            raise RuleError(f"{source.channels} channels are not a multiple of {taps} taps")
        needed = tuple(w.out(n) for n, w in zip(self.size, axes, strict=True))
        if needed != source.size:
            raise RuleError(f"windows over {'x'.join(map(str, self.size))} are {'x'.join(map(str, needed))}, not {source}")
        return Shape(source.channels // taps, self.size)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        axes, channels = self._windows(inputs[0]), self.shape(inputs).channels
        taps = prod(w.kernel for w in axes)
        if taps > MOST_READS:
            return (Read(0, tuple(w.transposed_reach() for w in axes), Grouped(channels, taps, 1)),)
        reads = []
        for t, offsets in enumerate(product(*(range(w.kernel) for w in axes))):
            relations = tuple(transposed(1, w.stride, 1, w.before - w.dilation * k) for w, k in zip(axes, offsets, strict=True))
            reads.append(Read(0, relations, Route(range(channels), range(t, channels * taps, taps))))
        return tuple(reads)

    def cost(self, inputs: Shapes) -> Cost:
        more = max(0, inputs[0].elements - self.shape(inputs).elements)  # as for patches
        elements = (("add", inputs[0].elements),)
        return Cost(
            macs=0,
            params=0,
            buffers=0,
            elements=elements,
            keeps=Keeps.NOTHING,
            storage=Storage.NEW,
            spare=more,
            packs=len(self.size) > 1,
        )

    def torch(self, inputs: Shapes) -> Torch:
        axes, one = self._windows(inputs[0]), (1,) * (2 - len(self.size))
        if len(axes) > 2:
            raise RuleError("windows are summed by torch on 1 or 2 axes only")
        kernel, dilation, stride = ((*one, *(getattr(w, name) for w in axes)) for name in ("kernel", "dilation", "stride"))
        size, padding = (*one, *self.size), (*(0 for _ in one), *(w.before for w in axes))
        text = f"F.fold({{0}}.flatten(2), {size}, {kernel}, {dilation}, {padding}, {stride})"
        return Torch("", text + (".squeeze(2)" if one else ""))

    def _windows(self, source: Shape) -> tuple[Window, ...]:
        if len(self.size) != source.rank:
            raise RuleError(f"size has {len(self.size)} numbers for an input of {source.rank} axes")
        return self.sliding.on(self.size)
