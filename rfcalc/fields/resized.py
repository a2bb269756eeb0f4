"""The same network at another input size: shapes are inferred again, and what was inferred once is remembered.

A size does not fit if a layer refuses it, or if a layer's weights would change with it (a linear layer behind a flatten).
"""

from __future__ import annotations

from collections.abc import Sequence

from rfcalc.errors import RuleError
from rfcalc.graph import Graph, Node
from rfcalc.layers.contract import Op
from rfcalc.layers.vocabulary.source import Input
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape


class SizeError(RuleError):
    """A size does not fit; `layer` is the first layer that says so."""

    def __init__(self, layer: str, message: str) -> None:
        self.layer, self.message = layer, message
        super().__init__(f'"{layer}": {message}')


class Sizes:
    """Shapes of a graph's nodes at any input size. Inputs of the same size as the first one change with it."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.image = graph.nodes[graph.inputs[0]].shape.size
        self.shapes: list[Shape] = []
        self._numbers: dict[Shape, int] = {}
        kinds: dict[tuple[Op, tuple[Shape, ...]], int] = {}
        self._kinds = [kinds.setdefault((node.op, node.shapes), len(kinds)) for node in graph.nodes]
        self._known: dict[tuple[int, ...], int | str] = {}
        self._reads: dict[tuple[int, ...], tuple[Read, ...]] = {}

    def at(self, size: Sequence[int]) -> list[int]:
        """For each node the number of its shape (an index into `shapes`); raises SizeError."""
        found: list[int] = []
        known, kinds = self._known, self._kinds
        for i, node in enumerate(self.graph.nodes):
            if node.is_input:
                same = node.shape.size == self.image
                found.append(self._number(Shape(node.shape.channels, tuple(size)) if same else node.shape))
                continue
            key = (kinds[i], *[found[j] for j in node.inputs])
            number = known.get(key)
            if number is None:
                number = known[key] = self._infer(node, [self.shapes[j] for j in key[1:]])
            if isinstance(number, str):
                raise SizeError(node.name, number)
            found.append(number)
        return found

    def reads(self, index: int, numbers: Sequence[int]) -> tuple[Read, ...]:
        """How a node reads its inputs, at the shapes that `at` gave."""
        node = self.graph.nodes[index]
        key = (self._kinds[index], *[numbers[j] for j in node.inputs])
        if key not in self._reads:
            self._reads[key] = node.op.reach([self.shapes[j] for j in key[1:]])
        return self._reads[key]

    def graph_at(self, size: Sequence[int]) -> Graph:
        """The whole graph at another input size; raises SizeError."""
        shapes = [self.shapes[number] for number in self.at(size)]
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
        return Graph(self.graph.name, self.graph.source, nodes, self.graph.outputs, self.graph.settings)

    def _number(self, shape: Shape) -> int:
        number = self._numbers.setdefault(shape, len(self.shapes))
        if number == len(self.shapes):
            self.shapes.append(shape)
        return number

    def _infer(self, node: Node, inputs: list[Shape]) -> int | str:
        """The number of a layer's shape, or what is wrong."""
        try:
            shape = node.op.shape(inputs)
        except RuleError as error:
            return str(error)
        if node.cost.params and tuple(inputs) != node.shapes and node.op.cost(inputs).params != node.cost.params:
            was, now = (", ".join(map(str, shapes)) for shapes in (node.shapes, inputs))
            return f"its weights are made for an input of {was}, not {now}"
        return self._number(shape)


def resized(graph: Graph, size: Sequence[int]) -> Graph:
    """The graph at another input size; raises SizeError, which names the layer that does not fit."""
    return Sizes(graph).graph_at(size)
