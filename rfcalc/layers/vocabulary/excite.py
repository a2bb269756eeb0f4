"""Squeeze and excitation (Hu 2017): channels weighed by what the whole map holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Int, Optional, Word, setting
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record
from rfcalc.relations.channels import SAME
from rfcalc.relations.read import Read, whole
from rfcalc.relations.shape import Shape, Shapes

MODULES = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "silu": "SiLU",
    "gelu": "GELU",
    "hardswish": "Hardswish",
    "sigmoid": "Sigmoid",
    "hardsigmoid": "Hardsigmoid",
}


@record
class SqueezeExcite(Op):
    """Global average pool, 1x1 convolution to `channels` (or 1/`ratio` of them), `act`, 1x1 convolution back, `gate`, times
    the input. A unit sees its own position and, through the gate, all."""

    word: ClassVar[str] = "se"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "channels"
    example: ClassVar[tuple[str, ...]] = ("4", "16x32x32")

    channels: int | None = setting(Optional(Int()), default=None, help="channels in the middle")
    ratio: int = setting(Int(), "r", default=16, help="input channels per channel in the middle, where channels is left out")
    act: str = setting(Word(("relu", "relu6", "silu", "gelu", "hardswish")), default="relu", help="the activation between")
    gate: str = setting(Word(("sigmoid", "hardsigmoid")), default="sigmoid", help="what makes the factors")

    def shape(self, inputs: Shapes) -> Shape:
        if inputs[0].rank not in (1, 2, 3):
            raise RuleError(f"needs an input with 1 to 3 spatial axes; this one is {inputs[0]}")
        if self.channels is None and inputs[0].channels < self.ratio:
            raise RuleError(f"a ratio of {self.ratio} leaves nothing of {inputs[0].channels} channels; give channels")
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (Read(0, (), SAME), whole(inputs[0]))

    def cost(self, inputs: Shapes) -> Cost:
        source, middle = inputs[0], self._middle(inputs[0])
        elements = (
            (f"adaptive_avg_pool{source.rank}d_input", source.elements),
            ("adaptive_avg_pool_window", source.elements),
            ("adaptive_avg_pool", source.channels),
            ("bias", middle + source.channels),
            (self.act, middle),
            (self.gate, source.channels),
            ("mul", source.elements),
        )
        macs = 2 * source.channels * middle
        # Training also keeps the pooled vector, both sides of the activation (a ReLU: one) and of the gate.
        saved = 2 * source.channels + middle * (1 if self.act == "relu" else 2) + source.channels * (self.gate != "sigmoid")
        return Cost(
            macs=macs,
            params=macs + middle + source.channels,
            buffers=0,
            elements=elements,
            keeps=Keeps.INPUT,
            storage=Storage.NEW,
            saved=saved,
            inner=source.channels,
        )

    def backward_macs(self, inputs: Shapes, macs: int, taught: Sequence[bool]) -> int:
        """The first of two equal products alone reads the input."""
        return 2 * macs - (0 if any(taught) else macs // 2)

    def torch(self, inputs: Shapes) -> Torch:
        rank, wide, middle = inputs[0].rank, inputs[0].channels, self._middle(inputs[0])
        convs = f"nn.Conv{rank}d({wide}, {middle}, 1)", f"nn.Conv{rank}d({middle}, {wide}, 1)"
        layers = f"nn.AdaptiveAvgPool{rank}d(1)", convs[0], f"nn.{MODULES[self.act]}()", convs[1], f"nn.{MODULES[self.gate]}()"
        return Torch(f"nn.Sequential({', '.join(layers)})", "{0} * {self}({0})")

    def _middle(self, source: Shape) -> int:
        return self.channels or source.channels // self.ratio
