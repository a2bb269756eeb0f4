"""The same network at another input size: shapes are inferred again, and what was inferred once is remembered.

A size does not fit if a layer refuses it, or if a layer's weights would change with it (a linear layer behind a flatten).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TypeVar

from rfcalc.errors import RuleError
from rfcalc.fields.stages import stages
from rfcalc.graph import Graph, MemoryOfRun, Node
from rfcalc.layers.contract import Op
from rfcalc.layers.facts import Facts
from rfcalc.layers.traits import LayerKind
from rfcalc.layers.vocabulary.source import Input
from rfcalc.record import replace
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape

T = TypeVar("T")
INFERRED = 10  # what it takes to infer a layer, in layers that are looked up
TABLED = 20  # what each phase of a relation takes, where there are more than LONG of them
LONG = 64
WINDOWED = (LayerKind.CONVOLUTION, LayerKind.TRANSPOSED)  # the same weights at every position


class SizeError(RuleError):
    """A size does not fit; `layer` is the first layer that says so."""

    def __init__(self, layer: str, message: str) -> None:
        self.layer, self.message = layer, message
        super().__init__(f'"{layer}": {message}')


class Resized:
    """One layer at another input size: its shape, and how it reads its inputs. Layers of one kind whose inputs have equal
    shapes share one; `number` is that of the shape."""

    def __init__(self, sizes: ShapesAtSize, op: Op, inputs: tuple[Shape, ...], shape: Shape) -> None:
        self.sizes, self.op, self.inputs, self.shape, self.number = sizes, op, inputs, shape, sizes.number(shape)

    @cached_property
    def reads(self) -> tuple[Read, ...]:
        """How it reads its inputs."""
        reads = self.op.reach(self.inputs)
        reaches = (reach for read in reads for reach in read.axes if reach is not None)
        tables = (reach.period for reach in reaches if isinstance(reach.taps, tuple) and reach.period > LONG)
        self.sizes.spent += TABLED * sum(tables)
        return reads

    @cached_property
    def same(self) -> bool:
        """True if each unit reads just itself, in one input."""
        return len(self.reads) == 1 and self.reads[0].pointwise and self.inputs[self.reads[0].source].size == self.shape.size


Stage = dict[int, list[Resized] | SizeError]  # by the number of the shape that enters: its layers


class ShapesAtSize:
    """A graph's layers at any input size. Inputs of the same size as the first one change with it. `spent`: what this has
    taken so far, in layers that were looked up; whoever tries many sizes may stop at a limit."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.image = graph.nodes[graph.inputs[0]].shape.size
        self._numbers: dict[Shape, int] = {}
        kinds: dict[tuple[Op, tuple[Shape, ...]], int] = {}
        self._kinds = [(kinds.setdefault((node.op, node.shapes), len(kinds)), node.inputs) for node in graph.nodes]
        self._known: dict[tuple[int, ...], Resized | str] = {}
        self.stages = stages(graph)
        self._seen: list[Stage] = [{} for _ in self.stages]
        self.spent = 0

    def at(self, size: Sequence[int]) -> list[Resized]:
        """Each node at an input size; raises SizeError."""
        layers: list[Resized] = []
        for part, seen in zip(self.stages, self._seen, strict=True):
            if len(part) == 1:
                self._add(part, layers, size)
                continue
            entry = layers[-1].number
            if entry not in seen:
                seen[entry] = self._stage(part, layers, size)
            found = seen[entry]
            if isinstance(found, SizeError):
                raise found
            layers += found
        return layers

    def _stage(self, part: range, before: Sequence[Resized], size: Sequence[int]) -> list[Resized] | SizeError:
        layers = list(before)
        try:
            self._add(part, layers, size)
        except SizeError as error:
            return error
        return layers[part.start :]

    def _add(self, part: range, layers: list[Resized], size: Sequence[int]) -> None:
        """Adds some nodes in a row to the nodes before them."""
        known = self._known
        self.spent += len(part)
        for i in part:
            kind, inputs = self._kinds[i]
            key = (kind, layers[inputs[0]].number) if len(inputs) == 1 else (kind, *[layers[j].number for j in inputs])
            layer = known.get(key) if inputs else None
            layers.append(layer if type(layer) is Resized else self._made(i, key, layers, size))

    def _made(self, i: int, key: tuple[int, ...], before: Sequence[Resized], size: Sequence[int]) -> Resized:
        """Node `i`, behind the nodes before it, where that is not known, or not possible."""
        node, (_, inputs) = self.graph.nodes[i], self._kinds[i]
        if not inputs and node.is_input:
            return self._input(node, tuple(size))
        layer = self._known.get(key)
        if layer is None:
            self.spent += INFERRED
            layer = self._known[key] = self._infer(node, tuple(before[j].shape for j in inputs))
        if isinstance(layer, str):
            raise SizeError(node.name, layer)
        return layer

    def graph_at(self, size: Sequence[int]) -> Graph:
        """The whole graph at another input size; raises SizeError."""
        shapes = [layer.shape for layer in self.at(size)]
        nodes = tuple(
            Node(
                node.name,
                Facts(Input(shape) if node.is_input else node.op, tuple(shapes[j] for j in node.inputs), shape),
                node.inputs,
                node.span,
                node.part_of,
                node.repeat,
                node.weights,
            )
            for node, shape in zip(self.graph.nodes, shapes, strict=True)
        )
        memory = self.graph.memory if tuple(size) == self.image or self.graph.memory is None else MemoryOfRun()
        return replace(self.graph, nodes=nodes, memory=memory, origin=None)

    def alike(self, axis: int, lengths: Sequence[int]) -> bool:
        """Whether every layer treats this axis as it does the first one, shown where one of the two has one of `lengths`."""
        if len(set(self.image)) > 1:
            return False
        for length in lengths:
            try:
                one, other = self.at((length, *self.image[1:])), self.at(_swapped((length, *self.image[1:]), axis))
            except SizeError:
                return False
            if not all(_mirrored(a, b, axis) for a, b in zip(one, other, strict=True)):
                return False
        return bool(lengths)

    def _input(self, node: Node, size: tuple[int, ...]) -> Resized:
        shape = Shape(node.shape.channels, size) if node.shape.size == self.image else node.shape
        return Resized(self, node.op, (), shape)

    def number(self, shape: Shape) -> int:
        """The number of a shape."""
        return self._numbers.setdefault(shape, len(self._numbers))

    def _infer(self, node: Node, inputs: tuple[Shape, ...]) -> Resized | str:
        """A layer at these inputs, or what is wrong."""
        try:
            shape = node.op.shape(inputs)
        except RuleError as error:
            return str(error)
        if not _slides(node, inputs) and node.learns and node.op.cost(inputs).params != node.unshared.params:
            was, now = (", ".join(map(str, shapes)) for shapes in (node.shapes, inputs))
            return f"its weights are made for an input of {was}, not {now}"
        return Resized(self, node.op, inputs, shape)


def _swapped(values: tuple[T, ...], axis: int) -> tuple[T, ...]:
    """One value per axis, those of the first and of this axis exchanged."""
    if axis >= len(values):
        return values
    return (values[axis], *values[1:axis], values[0], *values[axis + 1 :])


def _mirrored(one: Resized, other: Resized, axis: int) -> bool:
    """Whether two layers are the same but for an exchange of the first and of this axis."""
    if one.shape.channels != other.shape.channels or _swapped(one.shape.size, axis) != other.shape.size:
        return False
    reads = [(r.source, _swapped(r.axes, axis), r.channels, _swapped(r.phases, axis), r.together) for r in one.reads]
    return reads == [(r.source, r.axes, r.channels, r.phases, r.together) for r in other.reads]


def _slides(node: Node, inputs: tuple[Shape, ...]) -> bool:
    """Whether a layer's weights are those of a window over the same channels, whatever the size."""
    channels = [shape.channels for shape in inputs]
    return inputs == node.shapes or (node.op.kind in WINDOWED and channels == [shape.channels for shape in node.shapes])


def resized(graph: Graph, size: Sequence[int]) -> Graph:
    """The graph at another input size; raises SizeError, which names the layer that does not fit."""
    return ShapesAtSize(graph).graph_at(size)
