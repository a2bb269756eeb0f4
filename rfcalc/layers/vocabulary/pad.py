"""Padding and cropping as layers of their own."""

from __future__ import annotations

from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Int, Optional, PerAxis, PerSide, Word, setting
from rfcalc.layers.strides import narrowed
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record
from rfcalc.relations.channels import SAME
from rfcalc.relations.geometry import MOST_TAPS, PaddingMode, Side, per_axis, shift, sides
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape, Shapes

MODES = {fold.value: fold for fold in PaddingMode}


@record
class Pad(Op):
    """Adds units around the input: zeros, the edge repeated, mirrored, or taken from the opposite end."""

    word: ClassVar[str] = "pad"
    kind: ClassVar[LayerKind] = LayerKind.VIEW
    main: ClassVar[str] = "padding"
    example: ClassVar[tuple[str, ...]] = ("{padding: [[0, 1], [0, 1]], mode: reflect}", "16x32x32")

    padding: int | tuple[Side, ...] = setting(
        PerSide(Int(0)), "p", help="a number, one per axis, or a pair [before, after] per axis"
    )
    mode: str = setting(Word(tuple(MODES)), default="zeros", help="what stands in the padding")

    def shape(self, inputs: Shapes) -> Shape:
        source = inputs[0]
        if not source.rank:
            raise RuleError(f"needs an input with spatial axes; this one is a vector of {source.channels}")
        pads = sides(self.padding, source.rank)
        if max(map(max, pads)) > MOST_TAPS:
            raise RuleError(f"padding of {max(map(max, pads)):,} is beyond the limit of {MOST_TAPS:,}")
        for n, pad in zip(source.size, pads, strict=True):
            most = {"reflect": n - 1, "circular": n}.get(self.mode)
            if most is not None and max(pad) > most:
                raise RuleError(f"{self.mode} padding of {max(pad)} needs more than {n} units")
        return Shape(source.channels, tuple(n + a + b for n, (a, b) in zip(source.size, pads, strict=True)))

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        pads = sides(self.padding, inputs[0].rank)
        return (Read(0, tuple(shift(-before, MODES[self.mode]) for before, _ in pads), SAME),)

    def cost(self, inputs: Shapes) -> Cost:
        keeps = Keeps.INPUT if self.mode in ("reflect", "replicate") else Keeps.NOTHING
        return Cost(
            macs=0, params=0, buffers=0, elements=(("copy", self.shape(inputs).elements),), keeps=keeps, storage=Storage.NEW
        )

    def torch(self, inputs: Shapes) -> Torch:
        flat = tuple(side for pair in reversed(sides(self.padding, inputs[0].rank)) for side in pair)
        return Torch("", f"F.pad({{0}}, {flat}{'' if self.mode == 'zeros' else f', mode={self.mode!r}'})")


@record
class Crop(Op):
    """Takes units away: `margin` from the sides, or down to `size`, or to the size of a second input.

    To a size, `offset` units are left out at the start, or half of what is too much (the centre; odd: less at the start).
    """

    word: ClassVar[str] = "crop"
    kind: ClassVar[LayerKind] = LayerKind.VIEW
    main: ClassVar[str] = "margin"
    arity: ClassVar[tuple[int, int | None]] = (1, 2)
    example: ClassVar[tuple[str, ...]] = ("{size: 28}", "16x32x32")

    margin: int | tuple[Side, ...] | None = setting(Optional(PerSide(Int(0))), default=None, help="units taken from the sides")
    size: int | tuple[int, ...] | None = setting(Optional(PerAxis(Int())), default=None, help="output size")
    offset: int | tuple[int, ...] | None = setting(Optional(PerAxis(Int(0))), default=None, help="units left out at the start")

    def shape(self, inputs: Shapes) -> Shape:
        source = inputs[0]
        if (self.margin is not None) + (self.size is not None) + (len(inputs) > 1) != 1:
            raise RuleError("needs one of margin, size and a second input whose size it takes")
        if self.margin is not None and self.offset is not None:
            raise RuleError("offset goes with size or a second input, not with margin")
        pairs = self._pairs(inputs)
        if any(min(pair) < 0 for pair in pairs):
            wanted = inputs[1].size if len(inputs) > 1 else per_axis(self.size or 1, source.rank, "size")
            raise RuleError(
                f"cannot crop {_size(source.size)} to {_size(wanted)}" + (f" at offset {self.offset}" if self.offset else "")
            )
        size = tuple(n - a - b for n, (a, b) in zip(source.size, pairs, strict=True))
        if not size or min(size) < 1:
            raise RuleError(f"nothing is left of {source}")
        return Shape(source.channels, size)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (Read(0, tuple(shift(before) for before, _ in self._pairs(inputs)), SAME),)

    def cost(self, inputs: Shapes) -> Cost:
        source, out = inputs[0], self.shape(inputs)
        cut = narrowed((source.channels, *source.size), (out.channels, *out.size))
        return Cost(macs=0, params=0, buffers=0, elements=(), keeps=Keeps.NOTHING, storage=Storage.VIEW, scattered=cut)

    def torch(self, inputs: Shapes) -> Torch:
        parts = (f"{a}:{n - b}" for n, (a, b) in zip(inputs[0].size, self._pairs(inputs), strict=True))
        return Torch("", f"{{0}}[:, :, {', '.join(parts)}]")

    def _pairs(self, inputs: Shapes) -> tuple[tuple[int, int], ...]:
        """(before, after) per axis; negative where the input is too small."""
        source = inputs[0]
        if self.margin is not None:
            return sides(self.margin, source.rank)
        size = inputs[1].size if len(inputs) > 1 else per_axis(self.size or 1, source.rank, "size")
        if len(size) != source.rank:
            raise RuleError(f"inputs differ in rank: {source}, {inputs[1]}")
        extra = tuple(n - m for n, m in zip(source.size, size, strict=True))
        starts = tuple(e // 2 for e in extra) if self.offset is None else per_axis(self.offset, source.rank, "offset")
        return tuple((a, e - a) for a, e in zip(starts, extra, strict=True))


def _size(size: tuple[int, ...]) -> str:
    return "x".join(map(str, size))
