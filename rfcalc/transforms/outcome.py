"""What a transform gives, and how rooms rewrite a graph layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rfcalc.errors import RuleError
from rfcalc.graph import Builder, Graph, Node
from rfcalc.layers.contract import Op
from rfcalc.record import record
from rfcalc.relations.geometry import Side

Chosen = Callable[[Node], bool]


@record
class Transformed:
    """The transformed graph; the layers that were changed; what equals the original and what does not, in sentences; `equal`:
    whether the outputs do; `until`: the first layer that does not, where those before it are equal."""

    graph: Graph
    changed: tuple[str, ...]
    equivalence: str
    equal: bool
    notes: tuple[str, ...] = ()
    until: str = ""


class Rewriter:
    """Copies a graph; the rooms say, node by node in order, what stands in the place of each. `at`: old index to new."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.builder = Builder(graph.name, graph.source)
        self.at: dict[int, int] = {}
        self.changed: list[str] = []
        self.sharing = {graph.nodes[i] for i in graph.sharing}

    def keep(self, index: int, op: Op | None = None) -> None:
        """The node itself, or its replacement by a layer of the same name."""
        node = self.graph.nodes[index]
        if op is not None and op != node.op:
            self.changed.append(node.name)
        weights = None if node.weights is None else self.at[node.weights]
        self.at[index] = self._added(node.name, op or node.op, [self.at[i] for i in node.inputs], node, weights)

    def add(self, name: str, op: Op, inputs: Sequence[int], like: Node) -> int:
        """A layer at the place of another; raises RuleError if it does not fit there, or if that one shares its weights."""
        if like in self.sharing:
            raise RuleError(f'"{like.name}" shares its weights with another layer; choose others with --layer')
        return self._added(name, op, inputs, like, None)

    def _added(self, name: str, op: Op, inputs: Sequence[int], like: Node, weights: int | None) -> int:
        index = self.builder.add(name, op, inputs, like.span, like.part_of, like.repeat, weights)
        if index is None:
            raise RuleError(self.builder.problems[-1].message)
        return index

    def new(self, name: str) -> str:
        """A name that no layer has, beginning with this one."""
        taken, candidate, number = self.graph.by_name.keys() | self.builder.names.keys(), name, 1
        while candidate in taken:
            number += 1
            candidate = f"{name}_{number}"
        return candidate

    def source(self, index: int, which: int = 0) -> Node:
        """What a node's input has become."""
        return self.builder.nodes[self.at[self.graph.nodes[index].inputs[which]]]

    def skip(self, index: int) -> None:
        """Leaves a node out: who read it reads what it read."""
        node = self.graph.nodes[index]
        self.changed.append(node.name)
        self.at[index] = self.at[node.inputs[0]]

    def done(self, equal: bool, equivalence: str, *notes: str) -> Transformed:
        """The outcome, of the copied graph."""
        settings = {key: stated for key, stated in self.graph.settings.items() if not stated.own}
        graph = self.builder.graph([self.at[i] for i in self.graph.outputs], settings)
        return Transformed(graph, tuple(self.changed), equivalence, equal, notes)


def size_text(size: Sequence[int]) -> str:
    """A size as "7x7"."""
    return "x".join(map(str, size))


def axes(value: int | tuple[int, ...], rank: int) -> tuple[int, ...]:
    """A setting of a layer, one number per axis."""
    return value if isinstance(value, tuple) else (value,) * rank


def joint(values: Sequence[int]) -> int | tuple[int, ...]:
    """One number where all axes agree."""
    return values[0] if len(set(values)) == 1 else tuple(values)


def around(pairs: Sequence[tuple[int, int]]) -> int | tuple[Side, ...]:
    """What is added or cut before and after, one pair per axis, in the shortest form."""
    return joint([a for a, _ in pairs]) if all(a == b for a, b in pairs) else tuple(pairs)
