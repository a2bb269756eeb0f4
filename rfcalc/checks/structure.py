"""Questions about a graph that several rules ask."""

from __future__ import annotations

from rfcalc.analyses.network import Analysis, Layer
from rfcalc.graph import Graph, Node
from rfcalc.layers.words import WORDS

NORMS = frozenset({"bn", "layernorm", "rmsnorm", "instancenorm", "gn"})
_NONE = {"dropout", "softmax", "identity"}
ACTIVATIONS = frozenset(word for word, (room, _, _) in WORDS.items() if room == "activation" and word not in _NONE)
CONVOLUTIONS = frozenset({"conv", "dwconv", "upconv", "maskedconv"})
QUIET = NORMS | ACTIVATIONS | {"dropout", "identity"}  # layers that change numbers, not which place or channel they stand at


def indexed(analysis: Analysis) -> list[tuple[int, Layer]]:
    """Each layer with its index in the graph."""
    index = analysis.graph.by_name
    return [(index[layer.name], layer) for layer in analysis.layers]


def source(graph: Graph, index: int, through: frozenset[str] = QUIET) -> int:
    """The node that a node's first input comes from, past layers of the given words."""
    at = graph.nodes[index].inputs[0]
    while graph.nodes[at].op.word in through and graph.nodes[at].inputs:
        at = graph.nodes[at].inputs[0]
    return at


def kernel(node: Node) -> tuple[int, ...]:
    """A layer's kernel, one number per spatial axis; empty for a layer that has none."""
    found = getattr(node.op, "kernel", None)
    rank = node.shape.rank
    return (found,) * rank if isinstance(found, int) else tuple(found) if isinstance(found, tuple) else ()


def groups(node: Node) -> int:
    """Groups of channels of a convolution."""
    return node.shapes[0].channels if node.op.word == "dwconv" else int(getattr(node.op, "groups", 1))


def times(count: int, what: str) -> str:
    """A count with its noun, such as "2 rows"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
