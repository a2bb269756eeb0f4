"""Convolution + pixel shuffle = transposed convolution: the way back from `subpixel`."""

from __future__ import annotations

from typing import Any

from rfcalc.errors import RuleError
from rfcalc.graph import Graph, Node
from rfcalc.layers.words import make
from rfcalc.transforms.outcome import Chosen, Outcome, Rewriter, axes, joint


def apply(graph: Graph, argument: str, chosen: Chosen) -> Outcome:
    """Each convolution that only a pixel shuffle reads becomes, with it, one transposed convolution of the same name."""
    work = Rewriter(graph)
    left: list[str] = []
    for index, node in enumerate(graph.nodes):
        if node.op.word == "pixelshuffle" and node.inputs[0] not in work.at:
            conv = graph.nodes[node.inputs[0]]
            work.at[index] = work.add(conv.name, _upconv(conv, node), [work.at[conv.inputs[0]]], conv)
            work.changed += [conv.name, node.name]
            continue
        reason = _reason(graph, index) if chosen(node) else "not chosen"
        if reason is None:
            continue
        left += [f"{node.name}: {reason}"] if reason != "not chosen" and reason else []
        work.keep(index)
    if not work.changed:
        raise RuleError("no convolution with stride 1 is followed by a pixel shuffle" + "".join(f"; {text}" for text in left))
    return work.done(
        True, "equal outputs where the biases of the phases agree (each weight goes to the tap that its phase reads)", *left
    )


def _reason(graph: Graph, index: int) -> str | None:
    """None for a convolution that can be joined with the shuffle behind it; why not where a shuffle follows; else ""."""
    node, readers = graph.nodes[index], graph.readers[index]
    shuffles = [graph.nodes[i].op.word == "pixelshuffle" for i in readers]
    if node.op.word != "conv" or not any(shuffles):
        return ""
    op: Any = node.op
    rank = node.shape.rank
    if len(readers) > 1 or index in graph.outputs:
        return "other layers read the convolution too"
    if set(axes(op.stride, rank)) != {1} or set(axes(op.dilation, rank)) != {1} or op.padding_mode != "zeros":
        return "the convolution is strided or dilated, or does not pad with zeros"
    ratio = graph.nodes[readers[0]].op.ratio  # type: ignore[attr-defined]
    if op.out // op.groups % ratio**rank:
        return "its groups cut through the shuffled channels"
    pads = _pads(node)
    if pads is None or any(p > k - 1 for p, k in zip(pads, axes(op.kernel, rank), strict=True)):
        return "its padding is uneven, or wider than its kernel"
    return None


def _pads(node: Node) -> tuple[int, ...] | None:
    """The padding of each axis; None where the sides differ."""
    from rfcalc.relations.geometry import windows

    op: Any = node.op
    found = windows(node.shapes[0].size, op.kernel, op.stride, op.dilation, op.padding)
    return tuple(w.before for w in found) if all(w.before == w.after for w in found) else None


def _upconv(conv: Node, shuffle: Node) -> Any:
    op: Any = conv.op
    rank, ratio = conv.shape.rank, shuffle.op.ratio  # type: ignore[attr-defined]
    kernel, pads = axes(op.kernel, rank), _pads(conv)
    assert pads is not None
    return make(
        "upconv",
        out=op.out // ratio**rank,
        kernel=joint([k * ratio for k in kernel]),
        stride=ratio,
        padding=joint([ratio * (k - 1 - p) for k, p in zip(kernel, pads, strict=True)]),
        groups=op.groups,
        bias=op.bias,
    )
