"""The same network with fewer channels, or on a larger input: receptive fields depend on neither, their proof costs less."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from math import gcd

from rfcalc.errors import RuleError
from rfcalc.graph import Builder, Graph
from rfcalc.op import Op, Shape, Shapes
from rfcalc.ops.source import Input

Width = Callable[[int], int]
WIDTHS = ("out", "parameters")  # settings that count channels
PARTS = ("groups", "heads")  # settings that divide them


def rebuilt(graph: Graph, width: Width | None = None, scale: int = 1) -> Graph | None:
    """The graph with each layer's channels changed by `width` and the inputs' axes `scale` times as long.

    None if a layer refuses, or if another width would change a size.
    """
    builder = Builder(graph.name, graph.source)
    for node in graph.nodes:
        op = node.op
        if node.is_input:
            op = Input(Shape(node.shape.channels, tuple(n * scale for n in node.shape.size)))
        elif width is not None:
            try:
                op = _narrowed(op, node.shapes, [builder.nodes[i].shape for i in node.inputs], width)
            except (RuleError, ValueError):
                return None
        at = builder.add(node.name, op, node.inputs, node.span, node.part_of, node.repeat)
        if at is None or (scale == 1 and builder.nodes[at].shape.size != node.shape.size):
            return None
    return builder.graph(graph.outputs, graph.settings)


def narrower(graph: Graph) -> Iterator[Graph]:
    """The graph in ever larger widths, the last of which is its own."""
    widest = max(node.shape.channels for node in graph.nodes)
    for divisor in (0, 64, 32, 16, 8, 4, 2):
        found = rebuilt(graph, lambda n, d=divisor: _width(n, d)) if divisor <= widest else None  # type: ignore[misc]
        if found is not None:
            yield found
    yield graph


def _width(channels: int, divisor: int) -> int:
    """One channel (divisor 0), or a part of those that the divisor divides."""
    if not divisor:
        return 1
    return channels // divisor if channels % divisor == 0 else channels


def _narrowed(op: Op, old: Shapes, new: Shapes, width: Width) -> Op:
    """One layer with fewer channels; raises RuleError where that does not fit."""
    names = {f.name for f in fields(op)}  # type: ignore[arg-type]
    changes: dict[str, int] = {}
    for name in WIDTHS:
        if name in names and getattr(op, name) in (op.shape(old).channels, 1):
            changes[name] = width(getattr(op, name))
    for name in PARTS:
        count, channels = getattr(op, name, 1), new[0].channels
        if name not in names or count == 1:
            continue
        if count == old[0].channels:
            changes[name] = channels
            if "out" in changes:
                changes["out"] = channels * max(1, op.shape(old).channels // count)
        else:
            changes[name] = gcd(count, channels, changes.get("out", channels))
    return replace(op, **changes) if changes else op  # type: ignore[type-var]
