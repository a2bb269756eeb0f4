"""Questions about a graph that several rules ask."""

from __future__ import annotations

from collections.abc import Callable

from rfcalc.analyses.layer import Layer
from rfcalc.analyses.network import Analysis
from rfcalc.graph import Graph, Node
from rfcalc.layers.traits import LayerKind

IDLE = frozenset({LayerKind.DROPOUT, LayerKind.IDENTITY})
QUIET = IDLE | {LayerKind.NORM, LayerKind.ACTIVATION}


def indexed(analysis: Analysis) -> list[tuple[int, Layer]]:
    """Each layer with its index in the graph."""
    index = analysis.graph.by_name
    return [(index[layer.name], layer) for layer in analysis.every]


def idle(node: Node) -> bool:
    """Whether a layer does nothing at inference."""
    return node.op.kind in IDLE


def quiet(node: Node) -> bool:
    """Whether a layer changes numbers, not which place or channel they stand at."""
    return node.op.kind in QUIET


def source(graph: Graph, index: int, through: Callable[[Node], bool] = quiet) -> int:
    """The node that a node's first input comes from, past layers of some sort."""
    at = graph.nodes[index].inputs[0]
    while through(graph.nodes[at]) and graph.nodes[at].inputs:
        at = graph.nodes[at].inputs[0]
    return at


def kernel(node: Node) -> tuple[int, ...]:
    """A layer's kernel, one number per spatial axis; empty for a layer that has none."""
    window = node.op.sliding
    if window is None:
        return ()
    return (window.kernel,) * node.shape.rank if isinstance(window.kernel, int) else window.kernel


def groups(node: Node) -> int:
    """Groups of channels of a layer whose window slides; 1 for another."""
    window = node.op.sliding
    if window is None:
        return 1
    return node.shapes[0].channels if window.groups is None else window.groups


def convolves(node: Node) -> bool:
    """Whether a layer is a convolution, of whatever sort."""
    return node.op.kind in (LayerKind.CONVOLUTION, LayerKind.TRANSPOSED)


def standard(node: Node) -> bool:
    """Whether a layer is a convolution of all channels, neither transposed nor masked."""
    window = node.op.sliding
    return node.op.kind is LayerKind.CONVOLUTION and groups(node) == 1 and not (window is not None and window.masked)


def times(count: int, what: str) -> str:
    """A count with its noun, such as "2 rows"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
