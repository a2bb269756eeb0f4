"""Layers that imported programs need: arithmetic on each number, tokens, what is unknown or only declared."""

from __future__ import annotations

from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Int, ListOf, Number, Optional, PerAxis, Text, Word, setting
from rfcalc.layers.traits import LayerKind, Sliding
from rfcalc.record import record
from rfcalc.relations.channels import MIX, SAME
from rfcalc.relations.read import POINTWISE, Read, whole
from rfcalc.relations.shape import Shape, Shapes

SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}
UNARY = (
    "exp",
    "log",
    "log1p",
    "expm1",
    "sqrt",
    "rsqrt",
    "abs",
    "neg",
    "reciprocal",
    "square",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "asinh",
    "acosh",
    "atanh",
    "erf",
    "sign",
    "floor",
    "ceil",
    "round",
    "trunc",
    "frac",
    "logsigmoid",
    "softsign",
    "tanhshrink",
    "isnan",
    "isinf",
    "logical_not",
)
BINARY = (*SIGNS, "rsub", "rdiv", "rpow", "min", "max", "fmod", "compare", "where", "fill")


@record
class Pointwise(Op):
    """A function of each number by itself, or of it and one fixed `value`."""

    word: ClassVar[str] = "pointwise"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "function"
    example: ClassVar[tuple[str, ...]] = ("{function: pow, value: 2}", "16x32x32")

    function: str = setting(Word((*UNARY, *BINARY)), help="the function")
    value: float | None = setting(Optional(Number()), default=None, help="the other operand, where there is one")

    def shape(self, inputs: Shapes) -> Shape:
        if (self.value is None) == (self.function in BINARY) and self.function not in ("compare", "where", "fill"):
            raise RuleError(f"{self.function} {'needs a' if self.value is None else 'takes no'} value")
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return POINTWISE

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(
            macs=0, params=0, buffers=0, elements=(("function", inputs[0].elements),), keeps=Keeps.INPUT, storage=Storage.NEW
        )

    def torch(self, inputs: Shapes) -> Torch:
        name, value = self.function, self.value
        if name in SIGNS:
            return Torch("", f"{{0}} {SIGNS[name]} {value!r}")
        if name in ("rsub", "rdiv", "rpow"):
            return Torch("", f"{value!r} {SIGNS[name[1:]]} {{0}}")
        if name in ("min", "max"):
            return Torch("", f"{{0}}.clamp({name}={value!r})")
        if name in ("compare", "where", "fill", "fmod"):
            raise RuleError(f"{name} of an imported program has no source of its own")
        return Torch("", f"F.{name}({{0}})" if name in ("logsigmoid", "softsign", "tanhshrink") else f"torch.{name}({{0}})")


@record
class Tokens(Op):
    """All positions of the inputs in one row, after `learned` tokens of their own (a class token); channels stay."""

    word: ClassVar[str] = "tokens"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "learned"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    example: ClassVar[tuple[str, ...]] = ("{learned: 1}", "16x14x14")

    learned: int = setting(Int(0), default=0, help="learned tokens")

    @property
    def bound(self) -> str:
        return "the row of tokens has no axes of the image"

    def shape(self, inputs: Shapes) -> Shape:
        if len({shape.channels for shape in inputs}) > 1:
            raise RuleError(f"inputs differ in channels: {', '.join(map(str, inputs))}")
        return Shape(inputs[0].channels, (self.learned + sum(shape.positions for shape in inputs),))

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return tuple(whole(shape, i) for i, shape in enumerate(inputs))

    def cost(self, inputs: Shapes) -> Cost:
        out = self.shape(inputs)
        return Cost(
            macs=0,
            params=self.learned * out.channels,
            buffers=0,
            elements=(("copy", out.elements),),
            keeps=Keeps.NOTHING,
            storage=Storage.NEW,
        )

    def torch(self, inputs: Shapes) -> Torch:
        rows = [f"{{{i}}}.flatten(2)" for i in range(len(inputs))]
        if not self.learned:
            return Torch("", f"torch.cat([{', '.join(rows)}], 2)")
        module = f"nn.ParameterList([nn.Parameter(torch.randn(1, {inputs[0].channels}, {self.learned}) * 0.02)])"
        return Torch(module, f"torch.cat([{{self}}[0].expand({{0}}.shape[0], -1, -1), {', '.join(rows)}], 2)")


@record
class Unknown(Op):
    """A layer that nobody knows, treated as if each unit read the whole of each input."""

    word: ClassVar[str] = "unknown"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "name"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    example: ClassVar[tuple[str, ...]] = ("{name: sort, out: 16, size: [32, 32]}", "16x32x32")

    name: str = setting(Text(200), help="what it is")
    out: int = setting(Int(), help="output channels")
    size: tuple[int, ...] | None = setting(Optional(ListOf(Int())), default=None, help="output size, one number per axis")
    params: int = setting(Int(0), default=0, help="learned numbers")
    buffers: int = setting(Int(0), default=0, help="numbers that are kept, but not learned")
    macs: int | None = setting(Optional(Int(0, 10**15)), default=None, help="multiply-accumulates, if they are known")

    @property
    def bound(self) -> str:
        return f"{self.name} is not followed: taken as reading its whole input"

    @property
    def uncounted(self) -> str:
        return f"{self.name} is unknown: its MACs are not counted" if self.macs is None else ""

    def shape(self, inputs: Shapes) -> Shape:
        return Shape(self.out, self.size or ())

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return tuple(Read(i, (None,) * shape.rank, MIX) for i, shape in enumerate(inputs))

    def cost(self, inputs: Shapes) -> Cost:
        elements = (("unknown", self.shape(inputs).elements),)
        return Cost(
            macs=self.macs or 0,
            params=self.params,
            buffers=self.buffers,
            elements=elements,
            keeps=Keeps.INPUT,
            storage=Storage.NEW,
        )

    def torch(self, inputs: Shapes) -> Torch:
        raise RuleError(f"{self.name} is unknown, so it cannot be built")


@record
class Declared(Op):
    """A layer that the user has declared: a window of positions, of all channels or of its own."""

    word: ClassVar[str] = "declared"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "name"
    example: ClassVar[tuple[str, ...]] = ("{name: mypkg.Op, k: 3, p: 1}", "16x32x32")

    name: str = setting(Text(200), help="what it is")
    kernel: int | tuple[int, ...] = setting(PerAxis(Int()), "k", default=1, help="window size")
    stride: int | tuple[int, ...] = setting(PerAxis(Int()), "s", default=1, help="stride")
    padding: int | tuple[int, ...] = setting(PerAxis(Int(0)), "p", default=0, help="padding")
    channels: str = setting(Word(("all", "own")), default="all", help="the channels that an output channel reads")
    params: int = setting(Int(0), default=0, help="learned numbers")
    buffers: int = setting(Int(0), default=0, help="numbers that are kept, but not learned")

    @property
    def uncounted(self) -> str:
        return f"{self.name} is declared: its MACs are not counted"

    @property
    def sliding(self) -> Sliding:
        return Sliding(self.kernel, self.stride, padding=self.padding)

    def shape(self, inputs: Shapes) -> Shape:
        axes = self.sliding.on(inputs[0].size)
        return Shape(inputs[0].channels, tuple(w.out(n) for n, w in zip(inputs[0].size, axes, strict=True)))

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        axes = self.sliding.on(inputs[0].size)
        mix = MIX if self.channels == "all" else SAME
        return tuple(Read(i, tuple(w.reach() for w in axes), mix) for i in range(len(inputs)))

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(
            macs=0,
            params=self.params,
            buffers=self.buffers,
            elements=(("unknown", self.shape(inputs).elements),),
            keeps=Keeps.INPUT,
            storage=Storage.NEW,
        )

    def torch(self, inputs: Shapes) -> Torch:
        raise RuleError(f"{self.name} is only declared, so it cannot be built")
