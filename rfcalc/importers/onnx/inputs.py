"""The inputs of an ONNX graph: which axis is the batch, which are the channels, and how large each is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rfcalc.errors import SpecError, did_you_mean, fail
from rfcalc.importers.programs.layout import BATCH, CHANNELS, Layout, full
from rfcalc.importers.programs.program import Program, Tensor
from rfcalc.language.shapes import meant
from rfcalc.record import record
from rfcalc.relations.geometry import MOST_UNITS
from rfcalc.relations.shape import Shape

# Operators through which an input keeps its axes.
KEEPING = frozenset(
    """Cast Identity Add Sub Mul Div Pow Clip Neg Abs Relu Pad Resize Upsample QuantizeLinear DequantizeLinear Dropout
    BatchNormalization Slice""".split()  # noqa: SIM905
)


@record
class OnnxInput:
    """An input: its shape, its batch, and where its axes lie ("first": batch, channels, sizes; "last": batch, sizes, channels;
    "none": no batch)."""

    shape: Shape
    batch: int
    order: str
    axes: int

    def tensor(self, program: Program, name: str) -> Tensor:
        """The layer that stands for the input."""
        found = program.input(name, self.shape, self.batch)
        return Tensor(found.node, self._layout())

    def _layout(self) -> Layout:
        if self.axes == 0:
            return ()
        channels = full(CHANNELS, self.shape.channels)
        sizes = [full(k, n) for k, n in enumerate(self.shape.size, 1)]
        if self.order == "none":
            return (channels, *sizes)
        return (full(BATCH, self.batch), *((*sizes, channels) if self.order == "last" else (channels, *sizes)))


class Inputs:
    """The inputs that the nodes read, with the shapes that were asked for."""

    def __init__(self, graph: Any, nodes: Sequence[Any], stored: set[str], asked: Mapping[str, Shape], path: str) -> None:
        self.nodes, self.asked, self.path = nodes, asked, path
        read = {name for node in nodes for name in node.input} | {value.name for value in graph.output}
        read |= {name for node in nodes for a in node.attribute if a.HasField("g") for n in a.g.node for name in n.input}
        self.values = [value for value in graph.input if value.name not in stored and value.name in read]
        self.count = len(self.values)
        known = {value.name for value in self.values}
        for name in asked:
            if name and name not in known:
                hint = did_you_mean(name, known) or f"it has {', '.join(sorted(known))}"
                raise fail("E607", f'{path} has no input "{name}"', hint=hint)

    def wanted(self) -> Iterator[tuple[Any, OnnxInput]]:
        """Each input and what is known of it; raises SpecError."""
        for value in self.values:
            yield value, self._given(value)

    def _given(self, value: Any) -> OnnxInput:
        sizes = self._sizes(value)
        order = self._order(value.name, None if sizes is None else len(sizes))
        asked, common = self.asked.get(value.name), self.asked.get("")
        fits = common is not None and (sizes is None or len(sizes) - (order != "none") == common.rank + 1)
        if asked is None and (fits or self.count == 1):  # of several inputs, a shape without a name goes to those that fit it
            asked = common
        if sizes is None:
            if asked is None:
                raise self._free(value.name, "its shape")
            return OnnxInput(asked, 1, order, asked.rank + 2)
        if not sizes:
            return OnnxInput(Shape(1), 1, order, 0)
        lead, rest = ([1], sizes) if order == "none" else (sizes[:1], sizes[1:])
        shape = asked
        if shape is None:
            free = [i for i, n in enumerate(rest) if n is None]
            if free:
                raise self._free(value.name, f"axis {free[0] + (order != 'none')}")
            shape = _shape([n or 1 for n in rest], order)
        else:
            self._check(value.name, shape, _shape([n or 0 for n in rest], order))
        if max(shape.channels, *shape.size, lead[0] or 1) > MOST_UNITS:
            raise fail("E607", f'the input "{value.name}" of {self.path} is {shape}: beyond {MOST_UNITS:,} on an axis')
        return OnnxInput(shape, lead[0] or 1, order, len(sizes))

    def _check(self, name: str, asked: Shape, own: Shape) -> None:
        """Raises SpecError for a shape of other axes or channels than the file's (0: open)."""
        of = f'the input "{name}" of {self.path}'
        hint = meant(asked, own.channels or None, own.rank, name if self.count > 1 else "")
        if asked.rank != own.rank:
            raise fail("E607", f"{of} has {own.rank + 1} axes besides the batch, not {asked}", hint=hint)
        if own.channels not in (0, asked.channels):
            raise fail("E607", f"{of} has {own.channels} channels, not {asked.channels}", hint=hint)

    def _sizes(self, value: Any) -> list[int | None] | None:
        """The size of each axis, None for a free one; None if the file does not say how many axes there are."""
        if not value.type.HasField("tensor_type"):
            raise fail("E607", f'the input "{value.name}" of {self.path} is no tensor')
        kind = value.type.tensor_type
        if not kind.HasField("shape"):
            return None
        sizes = [dim.dim_value if dim.HasField("dim_value") and dim.dim_value else None for dim in kind.shape.dim]
        if any(n is not None and n < 0 for n in sizes):
            sizes = [None if n is not None and n < 0 else n for n in sizes]
        return sizes

    def _free(self, name: str, what: str) -> SpecError:
        more = f"{name}=" if self.count > 1 else ""
        return fail(
            "E607", f'the input "{name}" of {self.path} leaves {what} open', hint=f"give it a size: --input {more}3x224x224"
        )

    def _order(self, name: str, axes: int | None) -> str:
        """How an input's axes lie, from the first operators that move them."""
        if axes == 1:
            return "none"
        waiting, seen, orders = [name], {name}, set()
        while waiting:
            current = waiting.pop()
            for node in self.nodes:
                if current not in node.input or node.op_type in ("Shape", "Size"):
                    continue
                if node.op_type in KEEPING:
                    fresh = [out for out in node.output[:1] if out not in seen]
                    waiting += fresh
                    seen.update(fresh)
                else:
                    orders.add(_told(node, axes))
        return orders.pop() if len(orders) == 1 else "first"


def _told(node: Any, axes: int | None) -> str:
    """What a node that moves axes tells about its input."""
    attributes = {a.name: list(a.ints) for a in node.attribute}
    if axes is None or axes < 3 or node.op_type != "Transpose":
        return "first"
    return "last" if attributes.get("perm") == [0, axes - 1, *range(1, axes - 1)] else "first"


def _shape(sizes: list[int], order: str) -> Shape:
    if order == "last":
        return Shape(sizes[-1], tuple(sizes[:-1]))
    return Shape(sizes[0], tuple(sizes[1:])) if sizes else Shape(1)
