"""The same network with fewer channels, or on a larger input: receptive fields depend on neither, their proof costs less."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import gcd

from rfcalc.errors import RuleError
from rfcalc.graph import Builder, Graph
from rfcalc.layers.contract import Op
from rfcalc.layers.vocabulary.source import Input
from rfcalc.record import fields, replace
from rfcalc.relations.shape import Shape, Shapes

Width = Callable[[int], int]
WIDTHS = ("out", "parameters")  # settings that count channels
PARTS = ("groups", "heads")  # settings that divide them


def rebuilt(graph: Graph, width: Width | None = None) -> Graph | None:
    """The graph with each layer's channels changed by `width`; None if a layer refuses, or if a size would change."""
    builder = Builder(graph.name, graph.source)
    for node in graph.nodes:
        op = node.op
        if width is not None and not node.is_input:
            try:
                op = _narrowed(op, node.shapes, [builder.nodes[i].shape for i in node.inputs], width)
            except (RuleError, ValueError):
                return None
        at = builder.add(node.name, op, node.inputs, node.span, node.part_of, node.repeat, node.weights)
        if at is None or builder.nodes[at].shape.size != node.shape.size:
            return None
    return builder.graph(graph.outputs, graph.settings)


def enlarged(graph: Graph, target: int, least: Sequence[int]) -> Graph | None:
    """What leads to one layer, on an image of at least the size `least`; the layer is the last node. None if none fits.

    Tried are the size itself, sizes that differ from it by multiples of the coarsest map's stride, and its multiples.
    """
    keep = ancestors(graph, target)
    image = graph.nodes[graph.inputs[0]].shape.size
    strides = [n // m for i in keep for n, m in zip(image, graph.nodes[i].shape.size, strict=False) if m > 1]
    for step in dict.fromkeys([(max([1, *strides]),) * len(image), image]):
        size = tuple(n + max(0, -(-(m - n) // k)) * k for n, m, k in zip(image, least, step, strict=True))
        larger = _resized(graph, keep, image, size)
        if larger is not None:
            return larger
    return None


def _resized(graph: Graph, keep: Sequence[int], image: tuple[int, ...], size: tuple[int, ...]) -> Graph | None:
    builder, at = Builder(graph.name, graph.source), dict[int, int | None]()
    for i in keep:
        node = graph.nodes[i]
        op = Input(Shape(node.shape.channels, size)) if node.is_input and node.shape.size == image else node.op
        inputs, weights = [at[j] for j in node.inputs], None if node.weights is None else at.get(node.weights)
        at[i] = builder.add(node.name, op, inputs, node.span, node.part_of, node.repeat, weights)
        if at[i] is None:
            return None
    return builder.graph([len(builder.nodes) - 1])


def ancestors(graph: Graph, target: int) -> list[int]:
    """A node, all inputs, and the nodes between, in order."""
    before, waiting = set(graph.inputs), [target]
    while waiting:
        at = waiting.pop()
        if at not in before:
            before.add(at)
            waiting += graph.nodes[at].inputs
    return sorted(before)


def narrower(graph: Graph) -> Iterator[Graph]:
    """The graph in ever larger widths, the last of which is its own."""
    widest = max(node.shape.channels for node in graph.nodes)
    for divisor in (0, 64, 32, 16, 8, 4, 2):
        thinner = rebuilt(graph, lambda n, d=divisor: _width(n, d)) if divisor <= widest else None  # type: ignore[misc]
        if thinner is not None:
            yield thinner
    yield graph


def _width(channels: int, divisor: int) -> int:
    """One channel (divisor 0), or a part of those that the divisor divides."""
    if not divisor:
        return 1
    return channels // divisor if channels % divisor == 0 else channels


def _narrowed(op: Op, old: Shapes, new: Shapes, width: Width) -> Op:
    """One layer with fewer channels; raises RuleError where that does not fit."""
    if not new:
        return op
    own = fields(op)
    settings = {name: value for name, value in op.settings.items() if name in own}  # given counts hold for no other width
    changes: dict[str, int] = {}
    for name in WIDTHS:
        if settings.get(name) in (op.shape(old).channels, 1):
            changes[name] = width(settings[name])
    for name in PARTS:
        count, channels = settings.get(name, 1), new[0].channels
        if count == 1:
            continue
        if count == old[0].channels:
            changes[name] = channels
            if "out" in changes:
                changes["out"] = channels * max(1, op.shape(old).channels // count)
        else:
            changes[name] = gcd(count, channels, changes.get("out", channels))
    return replace(op, **changes) if changes else op
