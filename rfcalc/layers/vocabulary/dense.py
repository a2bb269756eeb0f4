"""Layers on vectors: linear and flatten."""

from __future__ import annotations

from typing import ClassVar

from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Bool, Int, setting
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record
from rfcalc.relations.read import POINTWISE, Read, whole
from rfcalc.relations.shape import Shape, Shapes


@record
class Flatten(Op):
    """All positions and channels as one vector, which as a whole sees what the map saw."""

    word: ClassVar[str] = "flatten"
    kind: ClassVar[LayerKind] = LayerKind.VIEW

    def shape(self, inputs: Shapes) -> Shape:
        return Shape(inputs[0].elements)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (whole(inputs[0]),) if inputs[0].rank else POINTWISE

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(macs=0, params=0, buffers=0, elements=(), keeps=Keeps.NOTHING, storage=Storage.VIEW, packs=True)

    def torch(self, inputs: Shapes) -> Torch:
        return Torch("", "torch.flatten({0}, 1)")


@record
class Linear(Op):
    """A fully connected layer; a map is flattened first, so that every unit sees all of it."""

    word: ClassVar[str] = "linear"
    kind: ClassVar[LayerKind] = LayerKind.LINEAR
    main: ClassVar[str] = "out"
    example: ClassVar[tuple[str, ...]] = ("10", "512")

    out: int = setting(Int(), help="output features")
    bias: bool = setting(Bool(), default=True, help="add one learned number per output feature")

    @property
    def biased(self) -> bool:
        return self.bias

    def shape(self, inputs: Shapes) -> Shape:
        return Shape(self.out)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (whole(inputs[0]),)

    def cost(self, inputs: Shapes) -> Cost:
        weight = inputs[0].elements * self.out
        return Cost(
            macs=weight,
            params=weight + self.out * self.bias,
            buffers=0,
            elements=(("bias", self.out),) if self.bias else (),
            keeps=Keeps.INPUT,
            storage=Storage.NEW,
            packs=True,
        )

    def torch(self, inputs: Shapes) -> Torch:
        module = f"nn.Linear({inputs[0].elements}, {self.out}{'' if self.bias else ', bias=False'})"
        return Torch(module, "{self}(torch.flatten({0}, 1))" if inputs[0].rank else "{self}({0})")
