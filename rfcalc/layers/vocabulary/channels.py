"""Layers that select channels or change their order; positions stay."""

from __future__ import annotations

from itertools import accumulate
from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Int, ListOf, Optional, setting
from rfcalc.layers.strides import moved, narrowed
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record
from rfcalc.relations.channels import Route, told_apart
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape, Shapes

FURTHEST = 10**9


@record
class Slice(Op):
    """The channels start, start + step, ... before stop, as Python slices a list (negative: counted from the end)."""

    word: ClassVar[str] = "slice"
    kind: ClassVar[LayerKind] = LayerKind.VIEW
    example: ClassVar[tuple[str, ...]] = ("{start: 0, stop: 4}", "16x32x32")

    start: int | None = setting(Optional(Int(-FURTHEST)), default=None, help="first channel; the first of all if left out")
    stop: int | None = setting(Optional(Int(-FURTHEST)), default=None, help="the channel after the last; all if left out")
    step: int = setting(Int(), default=1, help="distance between channels")

    def shape(self, inputs: Shapes) -> Shape:
        return Shape(len(selected(inputs[0], self._range(inputs[0]))), inputs[0].size)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (placed(self._range(inputs[0])),)

    def cost(self, inputs: Shapes) -> Cost:
        source, out = inputs[0], self.shape(inputs)
        cut = narrowed((source.channels, *source.size), (out.channels, *out.size), (self.step, *(1 for _ in source.size)))
        return Cost(macs=0, params=0, buffers=0, elements=(), keeps=Keeps.NOTHING, storage=Storage.VIEW, scattered=cut)

    def torch(self, inputs: Shapes) -> Torch:
        ends = ["" if end is None else str(end) for end in (self.start, self.stop)]
        return Torch("", f"{{0}}[:, {':'.join(ends)}{f':{self.step}' if self.step > 1 else ''}]")

    def _range(self, source: Shape) -> range:
        return range(source.channels)[self.start : self.stop : self.step]


@record
class Chunk(Op):
    """Part number `index` of the channels cut into `parts` equal parts (torch.chunk: the last ones may be smaller)."""

    word: ClassVar[str] = "chunk"
    kind: ClassVar[LayerKind] = LayerKind.VIEW
    main: ClassVar[str] = "parts"
    example: ClassVar[tuple[str, ...]] = ("{parts: 2, index: 1}", "16x32x32")

    parts: int = setting(Int(), help="how many parts")
    index: int = setting(Int(0), default=0, help="which part, counted from 0")

    def shape(self, inputs: Shapes) -> Shape:
        return Shape(len(selected(inputs[0], self._range(inputs[0]))), inputs[0].size)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (placed(self._range(inputs[0])),)

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(macs=0, params=0, buffers=0, elements=(), keeps=Keeps.NOTHING, storage=Storage.VIEW)

    def torch(self, inputs: Shapes) -> Torch:
        return Torch("", f"{{0}}.chunk({self.parts}, 1)[{self.index}]")

    def _range(self, source: Shape) -> range:
        if self.index >= self.parts:
            raise RuleError(f"there is no part {self.index} of {self.parts} (counted from 0)")
        size = -(-source.channels // self.parts)
        return range(source.channels)[self.index * size : (self.index + 1) * size]


@record
class Split(Op):
    """Part number `index` of the channels cut into parts of the given sizes (torch.split)."""

    word: ClassVar[str] = "split"
    kind: ClassVar[LayerKind] = LayerKind.VIEW
    main: ClassVar[str] = "sizes"
    example: ClassVar[tuple[str, ...]] = ("{sizes: [4, 12], index: 0}", "16x32x32")

    sizes: tuple[int, ...] = setting(ListOf(Int()), help="channels of each part")
    index: int = setting(Int(0), default=0, help="which part, counted from 0")

    def shape(self, inputs: Shapes) -> Shape:
        if sum(self.sizes) != told_apart(inputs[0].channels):
            raise RuleError(f"the parts have {sum(self.sizes)} channels together, the input has {inputs[0].channels}")
        if self.index >= len(self.sizes):
            raise RuleError(f"there is no part {self.index} of {len(self.sizes)} (counted from 0)")
        return Shape(self.sizes[self.index], inputs[0].size)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        first = list(accumulate(self.sizes, initial=0))[self.index]
        return (placed(range(first, first + self.sizes[self.index])),)

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(macs=0, params=0, buffers=0, elements=(), keeps=Keeps.NOTHING, storage=Storage.VIEW)

    def torch(self, inputs: Shapes) -> Torch:
        return Torch("", f"{{0}}.split({list(self.sizes)}, 1)[{self.index}]")


@record
class ChannelShuffle(Op):
    """Channels of different groups next to each other (ShuffleNet): output j*groups + i is channel j of group i."""

    word: ClassVar[str] = "channelshuffle"
    kind: ClassVar[LayerKind] = LayerKind.VIEW
    main: ClassVar[str] = "groups"
    example: ClassVar[tuple[str, ...]] = ("4", "16x32x32")

    groups: int = setting(Int(), "g", help="groups of channels")

    def shape(self, inputs: Shapes) -> Shape:
        if told_apart(inputs[0].channels) % self.groups:
            raise RuleError(f"groups ({self.groups}) do not divide the channels ({inputs[0].channels})")
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        channels = inputs[0].channels
        wide = channels // self.groups
        return (Read(0, (), Route(range(channels), tuple(i * wide + j for j in range(wide) for i in range(self.groups)))),)

    def cost(self, inputs: Shapes) -> Cost:
        source = inputs[0]
        split = (self.groups, source.channels // self.groups, *source.size)
        view = moved(split, (1, 0, *range(2, len(split))), (source.channels, *source.size)) is not None
        storage = Storage.VIEW if view else Storage.NEW
        elements = (("copy", source.elements),)
        return Cost(macs=0, params=0, buffers=0, elements=elements, keeps=Keeps.NOTHING, storage=storage)

    def torch(self, inputs: Shapes) -> Torch:
        return Torch("", f"{{0}}.unflatten(1, ({self.groups}, -1)).transpose(1, 2).flatten(1, 2)")


def selected(source: Shape, channels: range) -> range:
    """The channels; raises RuleError if there are none."""
    if not channels:
        raise RuleError(f"selects none of the {source.channels} channels")
    told_apart(source.channels)
    return channels


def placed(channels: range) -> Read:
    """Output channel i reads input channel channels[i]."""
    return Read(0, (), Route(range(len(channels)), channels))
