"""Marks what repeats in an imported graph, from its names: modules with numbers fold, a norm goes with its convolution."""

from __future__ import annotations

from collections.abc import Sequence

from rfcalc.graph import Graph, Node
from rfcalc.layers.traits import LayerKind
from rfcalc.record import replace

LEADERS = frozenset({LayerKind.CONVOLUTION, LayerKind.TRANSPOSED, LayerKind.LINEAR})
FOLLOWERS = frozenset({LayerKind.NORM, LayerKind.ACTIVATION, LayerKind.DROPOUT})
Repeat = tuple[tuple[str, int, int], ...]


def folded(graph: Graph) -> Graph:
    """The same graph; each layer knows the numbered modules it lies in, and the convolution or linear layer it belongs to."""
    counts = _counts([node.name for node in graph.nodes])
    nodes: list[Node] = []
    for index, node in enumerate(graph.nodes):
        part = _leader(graph, nodes, index)
        repeat = nodes[-1].repeat if part else _repeat(node.name, counts)
        nodes.append(replace(node, repeat=repeat, part_of=part or node.name))
    return replace(graph, nodes=tuple(nodes))


def _numbered(name: str) -> list[tuple[str, int]]:
    """The numbered modules that a layer lies in, outermost first."""
    parts = name.split(".")
    return [(".".join(parts[:i]), int(part)) for i, part in enumerate(parts) if i and part.isdigit() and i < len(parts)]


def _counts(names: Sequence[str]) -> dict[str, int]:
    """How many items each numbered module has; none for one that the program enters twice or out of order."""
    orders: dict[str, list[int]] = {}
    last: dict[str, int] = {}
    again: set[str] = set()
    for position, name in enumerate(names):
        for scope, number in _numbered(name):
            order = orders.setdefault(scope, [])
            if not order or order[-1] != number:
                order.append(number)
            if last.get(scope, position - 1) != position - 1:
                again.add(scope)
            last[scope] = position
    return {scope: len(order) for scope, order in orders.items() if order == sorted(set(order)) and scope not in again}


def _repeat(name: str, counts: dict[str, int]) -> Repeat:
    return tuple((scope, number, counts[scope]) for scope, number in _numbered(name) if scope in counts)


def _leader(graph: Graph, nodes: list[Node], index: int) -> str:
    """The name of the layer that a norm or an activation directly follows, within the same module or block."""
    node = graph.nodes[index]
    if node.op.kind not in FOLLOWERS or node.inputs != (index - 1,) or graph.readers[index - 1] != (index,):
        return ""
    before = nodes[index - 1]
    if before.op.kind not in LEADERS and (before.op.kind not in FOLLOWERS or before.part_of == before.name):
        return ""
    return before.part_of if _home(before.part_of) == _home(node.name) else ""


def _home(name: str) -> list[str]:
    """The module that a layer lies in, without the numbers of a sequence."""
    parts = name.split(".")[:-1]
    return [part for part in parts if not part.isdigit()]
