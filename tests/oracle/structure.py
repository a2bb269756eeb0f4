"""What words, settings and edges alone say of a graph: global paths, and the rate of each layer."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from rfcalc.graph import Graph

from .layers import ELEMENTWISE, GLOBAL_WORDS
from .places import per_axis, spreads


def passes_global(graph: Graph, index: int) -> bool:
    """True if a node, or one before it on a path, is a global layer."""
    before = {index}
    for i in range(index, 0, -1):
        if i in before:
            node = graph.nodes[i]
            before |= set(node.inputs[:1] if node.op.word in ("upsample", "crop") else node.inputs)
    return any(_is_global(graph, i) for i in before if not graph.nodes[i].is_input)


def _is_global(graph: Graph, index: int) -> bool:
    node = graph.nodes[index]
    if node.op.word in ("adaptivepool", "adaptivemaxpool"):
        return 1 in node.shape.size
    if node.op.word in ELEMENTWISE:
        return len({graph.nodes[i].shape.size for i in node.inputs}) > 1
    return node.op.word in (*GLOBAL_WORDS, "se") or spreads(node.op, graph.nodes[node.inputs[-1]].shape.size)


BY_SIZE = ("adaptivepool", "adaptivemaxpool", "reorg", "take", "join", "windowattention", "rearrange", "fold")

Rate = tuple[Fraction, ...] | str | None


def rates(graph: Graph) -> list[Rate]:
    """Input pixels from one unit to the next, per axis; "global" after a global layer; None where a layer's relation
    depends on the input's size, or the inputs of a merge differ in rate."""
    found: list[Rate] = []
    for index, node in enumerate(graph.nodes):
        if index == 0:
            found.append((Fraction(1),) * node.shape.rank)
            continue
        source = graph.nodes[node.inputs[0]].shape
        rate = _rate(node.op, [found[i] for i in node.inputs], source.rank)
        found.append(None if _copies(node.op, source.size, node.shape.size) else rate)
    return found


def _copies(op: Any, size: tuple[int, ...], out: tuple[int, ...]) -> bool:
    """True where torch follows the sizes, not the scale: equal sizes are copied, and nearest doubles exactly."""
    if op.word != "upsample" or op.scale is None:
        return False
    scales = per_axis(op.scale, len(size))
    return any(m in (n, 2 * n) and s not in (1, 2) for n, m, s in zip(size, out, scales, strict=True))


def _rate(op: Any, inputs: list[Rate], rank: int) -> Rate:
    if op.word in GLOBAL_WORDS:
        return "global"
    if spreads(op):
        return None
    if op.word in (*ELEMENTWISE, "concat", "contract"):
        local = {rate for rate in inputs if rate != "global"}
        return local.pop() if len(local) == 1 else None if local else "global"
    rate = inputs[0]
    if not isinstance(rate, tuple):
        return rate
    by_size = op.word in BY_SIZE or (op.word == "upsample" and (op.scale is None or op.align_corners))
    if by_size or (op.word == "crop" and op.margin is None and inputs[1:] != [rate]):
        return None  # a crop to a map of the same rate stays the same on a larger image
    return tuple(r * step for r, step in zip(rate, _steps(op, rank), strict=True))


def _steps(op: Any, rank: int) -> Iterator[Fraction]:
    """Input units per output unit."""
    word = op.word
    for axis in range(rank):
        if word in ("conv", "dwconv", "localconv", "patches"):
            yield Fraction(per_axis(op.stride, rank)[axis])
        elif word in ("upconv", "zerostuff"):
            yield Fraction(1, per_axis(op.stride, rank)[axis])
        elif word in ("maxpool", "avgpool"):
            yield Fraction(per_axis(op.kernel if op.stride is None else op.stride, rank)[axis])
        elif word == "upsample":
            yield 1 / Fraction(per_axis(op.scale, rank)[axis]).limit_denominator(1000)
        elif word in ("pixelunshuffle", "spacetodepth"):
            yield Fraction(op.ratio)
        elif word in ("pixelshuffle", "depthtospace"):
            yield Fraction(1, op.ratio)
        else:
            yield Fraction(1)
