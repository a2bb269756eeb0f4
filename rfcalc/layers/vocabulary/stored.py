"""Stored numbers of imported programs: combined with a map, as a layer of their own, or never used."""

from __future__ import annotations

from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Int, ListOf, Optional, Word, setting
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record
from rfcalc.relations.read import POINTWISE, Read
from rfcalc.relations.shape import Shape, Shapes

SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}
FUNCTIONS = ("add", "sub", "mul", "div", "rsub", "rdiv", "max", "min", "pow", "where", "mask")
KEPT = '''class Kept(nn.Module):
    """Learned numbers, or fixed ones, spread over a shape."""

    def __init__(self, shape, learned=0, fixed=0, fill=0.0) -> None:
        super().__init__()
        self.shape, self.fill = shape, fill
        self.learned = nn.Parameter(torch.full((learned,), fill)) if learned else None
        self.register_buffer("fixed", torch.full((fixed,), fill))

    def forward(self) -> Tensor:
        value = self.fixed if self.learned is None else self.learned
        if not value.numel():
            return value.new_full(self.shape, self.fill)
        return F.interpolate(value[None, None], size=math.prod(self.shape))[0, 0].reshape(self.shape)
'''


@record
class Stored(Op):
    """Combines each number with a stored one: `params` learned or `buffers` fixed numbers, repeated to the input's shape."""

    word: ClassVar[str] = "stored"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "function"
    example: ClassVar[tuple[str, ...]] = ("{function: add, params: 16}", "16x32x32")

    function: str = setting(
        Word(("add", "sub", "mul", "div", "rsub", "rdiv", "max", "min", "pow", "where", "mask")), help="how"
    )
    params: int = setting(Int(0), default=0, help="learned numbers")
    buffers: int = setting(Int(0), default=0, help="numbers that are kept, but not learned")

    @property
    def bound(self) -> str:
        return "a stored mask sets some numbers, whose pixels are then not read" if self.function == "mask" else ""

    def shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return POINTWISE

    def cost(self, inputs: Shapes) -> Cost:
        keeps = Keeps.NOTHING if self.function in ("add", "sub", "rsub") else Keeps.INPUT
        return Cost(
            macs=0,
            params=self.params,
            buffers=self.buffers,
            elements=(("function", inputs[0].elements),),
            keeps=keeps,
            storage=Storage.NEW,
        )

    def torch(self, inputs: Shapes) -> Torch:
        if self.function in ("where", "mask"):
            raise RuleError(f"{self.function} of an imported program has no source of its own")
        shape = inputs[0] if self.params + self.buffers > 1 else Shape(1)
        a, b = ("{0}", "{self}()") if not self.function.startswith("r") else ("{self}()", "{0}")
        name = self.function.removeprefix("r")
        text = f"{a} {SIGNS[name]} {b}" if name in SIGNS else f"torch.{name}imum({a}, {b})"
        return Torch(_kept((shape.channels, *shape.size), self.params, self.buffers, 1.0), text, KEPT)


@record
class Constant(Op):
    """Numbers that do not depend on the input, as a layer: learned ones, or fixed ones such as padding of the channels. An
    input of it only says how many images there are."""

    word: ClassVar[str] = "constant"
    kind: ClassVar[LayerKind] = LayerKind.SOURCE
    main: ClassVar[str] = "out"
    arity: ClassVar[tuple[int, int | None]] = (0, 1)
    example: ClassVar[tuple[str, ...]] = ("{out: 16, size: [14, 14]}",)

    out: int = setting(Int(), help="channels")
    size: tuple[int, ...] | None = setting(Optional(ListOf(Int())), default=None, help="size, one number per axis")
    params: int = setting(Int(0), default=0, help="learned numbers")
    buffers: int = setting(Int(0), default=0, help="numbers that are kept, but not learned")

    def shape(self, inputs: Shapes) -> Shape:
        return Shape(self.out, self.size or ())

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return ()

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(macs=0, params=self.params, buffers=self.buffers, elements=(), keeps=Keeps.NOTHING, storage=Storage.NEW)

    def torch(self, inputs: Shapes) -> Torch:
        shape = (1, self.out, *(self.size or ()))
        text = f"{{self}}().expand({{0}}.shape[0], {', '.join(map(str, shape[1:]))})" if inputs else "{self}()"
        return Torch(_kept(shape, self.params, self.buffers), text, KEPT)


@record
class Unused(Op):
    """Weights that the network holds and never uses (the training heads of a model at inference)."""

    word: ClassVar[str] = "unused"
    kind: ClassVar[LayerKind] = LayerKind.SOURCE
    main: ClassVar[str] = "params"
    arity: ClassVar[tuple[int, int | None]] = (0, 0)
    example: ClassVar[tuple[str, ...]] = ("{params: 10}",)

    params: int = setting(Int(0), default=0, help="learned numbers")
    buffers: int = setting(Int(0), default=0, help="numbers that are kept, but not learned")

    def shape(self, inputs: Shapes) -> Shape:
        return Shape(1)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return ()

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(macs=0, params=self.params, buffers=self.buffers, elements=(), keeps=Keeps.NOTHING, storage=Storage.VIEW)

    def torch(self, inputs: Shapes) -> Torch:
        return Torch(_kept((1, 1), self.params, self.buffers), "{self}()", KEPT)


def _kept(shape: tuple[int, ...], learned: int, fixed: int, fill: float = 0.0) -> str:
    """The source of the module that holds the numbers."""
    return f"Kept({shape}, {learned}, {fixed}, {fill})"
