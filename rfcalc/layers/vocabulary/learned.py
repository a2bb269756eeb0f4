"""Learned numbers that are added to a map or multiplied with it: scale, bias, position embedding."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Number, Optional, setting
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record
from rfcalc.relations.read import POINTWISE, Read
from rfcalc.relations.shape import Shape, Shapes


@record
class Learned(Op):
    """One learned number per channel (`scale`: LayerScale; `bias`), or per channel and position (`positions`).

    `function` is the word. A position embedding ties the network to its input size.
    """

    word: ClassVar[str] = "scale"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "init"

    function: str
    init: float | None = setting(
        Optional(Number()), default=None, help="what the numbers begin with: 1 for scale, else 0 if left out"
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "word", self.function)

    @property
    def biased(self) -> bool:
        return self.function == "bias"

    def shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return POINTWISE

    def cost(self, inputs: Shapes) -> Cost:
        kind, keeps = ("mul", Keeps.INPUT) if self.function == "scale" else ("add", Keeps.NOTHING)
        return Cost(
            macs=0,
            params=prod(self._numbers(inputs[0])),
            buffers=0,
            elements=((kind, inputs[0].elements),),
            keeps=keeps,
            storage=Storage.NEW,
        )

    def torch(self, inputs: Shapes) -> Torch:
        init = float(self.init if self.init is not None else self.function == "scale")
        module = f"nn.ParameterList([torch.full({self._numbers(inputs[0])}, {init!r})])"
        return Torch(module, f"{{0}} {'*' if self.function == 'scale' else '+'} {{self}}[0]")

    def _numbers(self, source: Shape) -> tuple[int, ...]:
        if self.function == "positions":
            return (source.channels, *source.size)
        return (source.channels, *(1,) * source.rank)
