"""The same network at another input size: shapes are inferred again, and what was inferred once is remembered.

A size does not fit if a layer refuses it, or if a layer's weights would change with it (a linear layer behind a flatten).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from rfcalc.errors import RuleError
from rfcalc.graph import Graph, MemoryOfRun, Node
from rfcalc.layers.contract import Op
from rfcalc.layers.vocabulary.source import Input
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape


class SizeError(RuleError):
    """A size does not fit; `layer` is the first layer that says so."""

    def __init__(self, layer: str, message: str) -> None:
        self.layer, self.message = layer, message
        super().__init__(f'"{layer}": {message}')


class Resized:
    """One layer at another input size: its shape, and how it reads its inputs. Layers of one kind whose inputs have equal
    shapes share one; `number` is that of the shape."""

    def __init__(self, op: Op, inputs: tuple[Shape, ...], shape: Shape, number: int) -> None:
        self.op, self.inputs, self.shape, self.number = op, inputs, shape, number

    @cached_property
    def reads(self) -> tuple[Read, ...]:
        """How it reads its inputs."""
        return self.op.reach(self.inputs)

    @cached_property
    def same(self) -> bool:
        """True if each unit reads just itself, in one input."""
        return len(self.reads) == 1 and self.reads[0].pointwise and self.inputs[self.reads[0].source].size == self.shape.size


class ShapesAtSize:
    """A graph's layers at any input size. Inputs of the same size as the first one change with it."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.image = graph.nodes[graph.inputs[0]].shape.size
        self._numbers: dict[Shape, int] = {}
        kinds: dict[tuple[Op, tuple[Shape, ...]], int] = {}
        self._kinds = [(kinds.setdefault((node.op, node.shapes), len(kinds)), node.inputs) for node in graph.nodes]
        self._known: dict[tuple[int, ...], Resized | str] = {}

    def at(self, size: Sequence[int]) -> list[Resized]:
        """Each node at an input size; raises SizeError."""
        indices: list[Resized] = []
        known, nodes = self._known, self.graph.nodes
        for kind, inputs in self._kinds:
            if not inputs and nodes[len(indices)].is_input:
                indices.append(self._input(nodes[len(indices)], tuple(size)))
                continue
            key = (kind, indices[inputs[0]].number) if len(inputs) == 1 else (kind, *[indices[j].number for j in inputs])
            layer = known.get(key)
            if layer is None:
                layer = known[key] = self._infer(nodes[len(indices)], tuple(indices[j].shape for j in inputs))
            if isinstance(layer, str):
                raise SizeError(nodes[len(indices)].name, layer)
            indices.append(layer)
        return indices

    def graph_at(self, size: Sequence[int]) -> Graph:
        """The whole graph at another input size; raises SizeError."""
        shapes = [layer.shape for layer in self.at(size)]
        nodes = tuple(
            Node(
                node.name,
                Input(shape) if node.is_input else node.op,
                node.inputs,
                tuple(shapes[j] for j in node.inputs),
                shape,
                node.span,
                node.part_of,
                node.repeat,
            )
            for node, shape in zip(self.graph.nodes, shapes, strict=True)
        )
        memory = self.graph.memory if tuple(size) == self.image or self.graph.memory is None else MemoryOfRun()
        return Graph(self.graph.name, self.graph.source, nodes, self.graph.outputs, self.graph.settings, memory=memory)

    def _input(self, node: Node, size: tuple[int, ...]) -> Resized:
        shape = Shape(node.shape.channels, size) if node.shape.size == self.image else node.shape
        return Resized(node.op, (), shape, self._number(shape))

    def _number(self, shape: Shape) -> int:
        return self._numbers.setdefault(shape, len(self._numbers))

    def _infer(self, node: Node, inputs: tuple[Shape, ...]) -> Resized | str:
        """A layer at these inputs, or what is wrong."""
        try:
            shape = node.op.shape(inputs)
        except RuleError as error:
            return str(error)
        if node.cost.params and inputs != node.shapes and node.op.cost(inputs).params != node.cost.params:
            was, now = (", ".join(map(str, shapes)) for shapes in (node.shapes, inputs))
            return f"its weights are made for an input of {was}, not {now}"
        return Resized(node.op, inputs, shape, self._number(shape))


def resized(graph: Graph, size: Sequence[int]) -> Graph:
    """The graph at another input size; raises SizeError, which names the layer that does not fit."""
    return ShapesAtSize(graph).graph_at(size)
