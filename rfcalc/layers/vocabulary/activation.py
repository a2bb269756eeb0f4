"""Activations: pointwise, shape and field unchanged; only PReLU learns."""

from __future__ import annotations

from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Int, Number, setting
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record
from rfcalc.relations.channels import MIX
from rfcalc.relations.read import POINTWISE, Read
from rfcalc.relations.shape import Shape, Shapes

# word: (torch module, what the backward pass keeps, whether torch has an in-place form)
FUNCTIONS: dict[str, tuple[str, Keeps, bool]] = {
    "relu": ("ReLU", Keeps.OUTPUT, True),
    "relu6": ("ReLU6", Keeps.INPUT, True),
    "silu": ("SiLU", Keeps.INPUT, True),
    "gelu": ("GELU", Keeps.INPUT, False),
    "hardswish": ("Hardswish", Keeps.INPUT, True),
    "hardsigmoid": ("Hardsigmoid", Keeps.INPUT, True),
    "sigmoid": ("Sigmoid", Keeps.OUTPUT, False),
    "tanh": ("Tanh", Keeps.OUTPUT, False),
    "mish": ("Mish", Keeps.INPUT, True),
    "selu": ("SELU", Keeps.OUTPUT, True),
    "softplus": ("Softplus", Keeps.INPUT, False),
}


@record
class Activation(Op):
    """A pointwise function without parameters or settings.

    `function` is its word in FUNCTIONS.
    """

    word: ClassVar[str] = "activation"
    kind: ClassVar[LayerKind] = LayerKind.ACTIVATION

    function: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "word", self.function)

    def shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return POINTWISE

    def cost(self, inputs: Shapes) -> Cost:
        _, keeps, inplace = FUNCTIONS[self.function]
        return Cost(
            macs=0,
            params=0,
            buffers=0,
            elements=((self.function, inputs[0].elements),),
            keeps=keeps,
            storage=Storage.IN_PLACE if inplace else Storage.NEW,
        )

    def torch(self, inputs: Shapes) -> Torch:
        return Torch(f"nn.{FUNCTIONS[self.function][0]}()")


@record
class LeakyReLU(Op):
    """max(x, slope * x)."""

    word: ClassVar[str] = "leakyrelu"
    kind: ClassVar[LayerKind] = LayerKind.ACTIVATION
    main: ClassVar[str] = "slope"
    example: ClassVar[tuple[str, ...]] = ("0.1", "16x32x32")

    slope: float = setting(Number(), default=0.01, help="factor for negative numbers")

    def shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return POINTWISE

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(
            macs=0,
            params=0,
            buffers=0,
            elements=(("leakyrelu", inputs[0].elements),),
            keeps=Keeps.OUTPUT,
            storage=Storage.IN_PLACE,
        )

    def torch(self, inputs: Shapes) -> Torch:
        return Torch(f"nn.LeakyReLU({self.slope!r})")


@record
class ELU(Op):
    """x, or alpha * (exp(x) - 1) for negative numbers."""

    word: ClassVar[str] = "elu"
    kind: ClassVar[LayerKind] = LayerKind.ACTIVATION
    main: ClassVar[str] = "alpha"

    alpha: float = setting(Number(), default=1.0, help="limit for negative numbers")

    def shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return POINTWISE

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(
            macs=0, params=0, buffers=0, elements=(("elu", inputs[0].elements),), keeps=Keeps.OUTPUT, storage=Storage.IN_PLACE
        )

    def torch(self, inputs: Shapes) -> Torch:
        return Torch(f"nn.ELU({self.alpha!r})")


@record
class PReLU(Op):
    """max(x, a * x) with a learned slope a, one for all channels or one per channel (`parameters`: 1 or the channels)."""

    word: ClassVar[str] = "prelu"
    kind: ClassVar[LayerKind] = LayerKind.ACTIVATION
    main: ClassVar[str] = "parameters"

    parameters: int = setting(Int(), default=1, help="1, or the number of channels")

    def shape(self, inputs: Shapes) -> Shape:
        if self.parameters not in (1, inputs[0].channels):
            raise RuleError(f"parameters must be 1 or the channels ({inputs[0].channels}), not {self.parameters}")
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return POINTWISE

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(
            macs=0,
            params=self.parameters,
            buffers=0,
            elements=(("prelu", inputs[0].elements),),
            keeps=Keeps.INPUT,
            storage=Storage.NEW,
        )

    def torch(self, inputs: Shapes) -> Torch:
        return Torch(f"nn.PReLU({self.parameters})")


@record
class Softmax(Op):
    """Softmax over the channels, at each position."""

    word: ClassVar[str] = "softmax"
    kind: ClassVar[LayerKind] = LayerKind.OTHER

    def shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (Read(0, (), MIX),)

    def cost(self, inputs: Shapes) -> Cost:
        elements = (("softmax", inputs[0].elements), ("softmax_rows", inputs[0].positions))
        return Cost(macs=0, params=0, buffers=0, elements=elements, keeps=Keeps.OUTPUT, storage=Storage.NEW)

    def torch(self, inputs: Shapes) -> Torch:
        return Torch("nn.Softmax(1)")


@record
class Identity(Op):
    """Passes its input on as it is."""

    word: ClassVar[str] = "identity"
    kind: ClassVar[LayerKind] = LayerKind.IDENTITY

    def shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return POINTWISE

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(macs=0, params=0, buffers=0, elements=(), keeps=Keeps.NOTHING, storage=Storage.VIEW)

    def torch(self, inputs: Shapes) -> Torch:
        return Torch("nn.Identity()")


@record
class Dropout(Op):
    """Dropout; does nothing at inference."""

    word: ClassVar[str] = "dropout"
    kind: ClassVar[LayerKind] = LayerKind.DROPOUT
    main: ClassVar[str] = "p"
    example: ClassVar[tuple[str, ...]] = ("0.5", "16x32x32")

    p: float = setting(Number(0, 1), default=0.5, help="share of numbers that training sets to zero")

    def shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return POINTWISE

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(
            macs=0, params=0, buffers=0, elements=(), keeps=Keeps.NOTHING, storage=Storage.IDLE, saved=inputs[0].elements
        )

    def torch(self, inputs: Shapes) -> Torch:
        return Torch(f"nn.Dropout({self.p!r})")
