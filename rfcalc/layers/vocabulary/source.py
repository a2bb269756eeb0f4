"""The network's inputs."""

from __future__ import annotations

from typing import ClassVar

from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape, Shapes


@record
class Input(Op):
    """An input of the network; reads nothing and costs nothing."""

    word: ClassVar[str] = "input"
    kind: ClassVar[LayerKind] = LayerKind.INPUT
    given: Shape

    def shape(self, inputs: Shapes) -> Shape:
        return self.given

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return ()

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(macs=0, params=0, buffers=0, elements=(), keeps=Keeps.NOTHING, storage=Storage.NEW)

    def torch(self, inputs: Shapes) -> Torch:
        return Torch("", "{0}")
