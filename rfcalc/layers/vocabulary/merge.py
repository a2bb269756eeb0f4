"""Layers that join several inputs: element-wise (add, mul, max) and along the channels (concat)."""

from __future__ import annotations

from itertools import accumulate
from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record
from rfcalc.relations.channels import MIX, SAME, Route
from rfcalc.relations.geometry import IDENTITY
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape, Shapes

SYMBOLS = {"add": " + ", "sub": " - ", "mul": " * ", "div": " / "}
KINDS = {"sub": "add", "div": "mul", "min": "max"}
KEEPS = {"mul": Keeps.FACTORS, "div": Keeps.QUOTIENT}


@record
class Elementwise(Op):
    """An element-wise sum, difference, product, quotient, maximum or minimum. An input of one channel, or of size 1 on an
    axis, is repeated along it."""

    word: ClassVar[str] = "add"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    arity: ClassVar[tuple[int, int | None]] = (2, None)
    example: ClassVar[tuple[str, ...]] = ("", "16x32x32", "16x32x32")

    function: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "word", self.function)

    @property
    def commutative(self) -> bool:
        return self.function not in ("sub", "div")

    def shape(self, inputs: Shapes) -> Shape:
        _need_two(inputs)
        ranks = {shape.rank for shape in inputs}
        if len(ranks) > 1:
            raise RuleError(f"inputs differ in rank: {', '.join(map(str, inputs))}")
        channels = _common([shape.channels for shape in inputs], "channels", inputs)
        columns = zip(*(shape.size for shape in inputs), strict=True)
        return Shape(channels, tuple(_common(list(axis), "size", inputs) for axis in columns))

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        out = self.shape(inputs)
        return tuple(_read(i, shape, out) for i, shape in enumerate(inputs))

    def cost(self, inputs: Shapes) -> Cost:
        out, merges = self.shape(inputs).elements, len(inputs) - 1
        between = out * (merges - 1)  # results that only the next merge reads
        kind = KINDS.get(self.function, self.function)
        if kind == "add":
            return Cost(
                macs=0,
                params=0,
                buffers=0,
                elements=((kind, out * merges),),
                keeps=Keeps.NOTHING,
                storage=Storage.NEW,
                inner=min(between, out),
            )
        return Cost(
            macs=0,
            params=0,
            buffers=0,
            elements=((kind, out * merges),),
            keeps=KEEPS.get(self.function, Keeps.INPUT),
            storage=Storage.NEW,
            saved=between,
            inner=min(between, out),
        )

    def torch(self, inputs: Shapes) -> Torch:
        names = [f"{{{i}}}" for i in range(len(inputs))]
        if self.function in SYMBOLS:
            return Torch("", SYMBOLS[self.function].join(names))
        text = names[0]
        for name in names[1:]:
            text = f"torch.{self.function}imum({text}, {name})"
        return Torch("", text)


@record
class Concat(Op):
    """The inputs' channels one after the other; all inputs have the same size."""

    word: ClassVar[str] = "concat"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    arity: ClassVar[tuple[int, int | None]] = (2, None)
    example: ClassVar[tuple[str, ...]] = ("", "16x32x32", "8x32x32")

    def shape(self, inputs: Shapes) -> Shape:
        _need_two(inputs)
        if len({shape.size for shape in inputs}) > 1:
            raise RuleError(f"inputs differ in size: {', '.join(_size(shape) for shape in inputs)}")
        return Shape(sum(shape.channels for shape in inputs), inputs[0].size)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        offsets = accumulate((shape.channels for shape in inputs), initial=0)
        return tuple(_placed(i, at, shape.channels) for i, (at, shape) in enumerate(zip(offsets, inputs, strict=False)))

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(
            macs=0,
            params=0,
            buffers=0,
            elements=(("copy", self.shape(inputs).elements),),
            keeps=Keeps.NOTHING,
            storage=Storage.NEW,
        )

    def torch(self, inputs: Shapes) -> Torch:
        return Torch("", "torch.cat([{all}], 1)")


def _placed(source: int, offset: int, count: int) -> Read:
    return Read(source, (), Route(range(offset, offset + count), range(count)))


def _need_two(inputs: Shapes) -> None:
    if len(inputs) < 2:
        raise RuleError(f"joins at least two inputs, not {len(inputs)}")


def _size(shape: Shape) -> str:
    return "x".join(map(str, shape.size)) or "none (a vector)"


def _common(values: list[int], what: str, inputs: Shapes) -> int:
    largest = max(values)
    if any(value not in (1, largest) for value in values):
        shown = [str(shape.channels) if what == "channels" else _size(shape) for shape in inputs]
        raise RuleError(f"inputs differ in {what}: {', '.join(shown)}")
    return largest


def _read(source: int, shape: Shape, out: Shape) -> Read:
    """A broadcast axis is read whole (it has one unit), a broadcast channel by every channel."""
    channels = SAME if shape.channels == out.channels else MIX
    if shape.size == out.size:
        return Read(source, (), channels)
    return Read(source, tuple(IDENTITY if n == m else None for n, m in zip(shape.size, out.size, strict=True)), channels)
