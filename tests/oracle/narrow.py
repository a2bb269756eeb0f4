"""Large networks with fewer channels for the oracle; the field does not depend on how many there are."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from rfcalc.graph import Graph
from rfcalc.layers.counted import Counted

from .layers import POINTWISE

FACTOR = 256
# Where channels are picked by number, dividing them would pick others.
SELECTING = ("slice", "chunk", "split", "channelshuffle", "reorg", "take", "pixelunshuffle")


def narrowed(graph: Graph, factor: int = FACTOR) -> Any:
    """What the oracle reads of a graph, with the channels of inputs, convolutions and linear layers divided by `factor`.

    Everything else follows. A pixel shuffle gets what makes one channel; a graph that selects channels keeps them all.
    """
    if any(node.op.word in SELECTING for node in graph.nodes):
        return SimpleNamespace(nodes=[SimpleNamespace(name=n.name, op=_own(n.op), inputs=n.inputs) for n in graph.nodes])
    rank = len(graph.nodes[0].op.given.size)  # type: ignore[attr-defined]
    shuffles = [node for node in graph.nodes if node.op.word in ("pixelshuffle", "depthtospace")]
    least = {_maker(graph, node.inputs[0]): node.op.ratio**rank for node in shuffles}  # type: ignore[attr-defined]
    ops = [_narrow(_own(node.op), factor, least.get(i, 1)) for i, node in enumerate(graph.nodes)]
    nodes = [SimpleNamespace(name=node.name, op=op, inputs=node.inputs) for node, op in zip(graph.nodes, ops, strict=True)]
    return SimpleNamespace(nodes=nodes)


def _own(op: Any) -> Any:
    """The layer itself, whatever it counts."""
    return op.inner if isinstance(op, Counted) else op


def _maker(graph: Graph, index: int) -> int:
    """The layer that made the channels that a node has."""
    while graph.nodes[index].op.word in POINTWISE:
        index = graph.nodes[index].inputs[0]
    return index


def _narrow(op: Any, factor: int, least: int) -> Any:
    if op.word == "input":
        return replace(op, given=replace(op.given, channels=max(1, op.given.channels // factor)))
    if op.word in ("conv", "upconv"):
        return replace(op, out=max(least, op.out // factor), groups=max(1, op.groups // factor))
    return replace(op, out=max(1, op.out // factor)) if op.word == "linear" else op
