"""Convolution + pixel shuffle = transposed convolution: the way back from `subpixel`."""

from __future__ import annotations

from rfcalc.errors import RuleError
from rfcalc.graph import Graph
from rfcalc.layers.vocabulary.conv import Conv, Upconv
from rfcalc.layers.vocabulary.reshape import PixelShuffle
from rfcalc.transforms.outcome import Chosen, Rewriter, Transformed, axes, joint


def apply(graph: Graph, argument: str, chosen: Chosen) -> Transformed:
    """Each convolution that only a pixel shuffle reads becomes, with it, one transposed convolution of the same name."""
    work = Rewriter(graph)
    left: list[str] = []
    joined: dict[int, Upconv] = {}
    for index, node in enumerate(graph.nodes):
        if node.inputs and node.inputs[0] in joined:
            conv = graph.nodes[node.inputs[0]]
            work.at[index] = work.add(conv.name, joined[node.inputs[0]], [work.at[conv.inputs[0]]], conv)
            work.changed += [conv.name, node.name]
            continue
        reason = _joined(graph, index) if chosen(node) else "not chosen"
        if isinstance(reason, Upconv):
            joined[index] = reason
            continue
        left += [f"{node.name}: {reason}"] if reason != "not chosen" and reason else []
        work.keep(index)
    if not work.changed:
        raise RuleError("no convolution with stride 1 is followed by a pixel shuffle" + "".join(f"; {text}" for text in left))
    return work.done(
        True, "equal outputs where the biases of the phases agree (each weight goes to the tap that its phase reads)", *left
    )


def _joined(graph: Graph, index: int) -> Upconv | str:
    """A convolution together with the shuffle behind it; why not where a shuffle follows; else ""."""
    node, readers = graph.nodes[index], graph.readers[index]
    op, behind = node.op, [graph.nodes[i].op for i in readers]
    ratio = next((shuffle.ratio for shuffle in behind if isinstance(shuffle, PixelShuffle)), None)
    if not isinstance(op, Conv) or ratio is None:
        return ""
    rank = node.shape.rank
    if len(readers) > 1 or index in graph.outputs:
        return "other layers read the convolution too"
    if set(axes(op.stride, rank)) != {1} or set(axes(op.dilation, rank)) != {1} or op.padding_mode != "zeros":
        return "the convolution is strided or dilated, or does not pad with zeros"
    if op.out // op.groups % ratio**rank:
        return "its groups cut through the shuffled channels"
    windows = op.sliding.on(node.shapes[0].size)
    if any(w.before != w.after or w.before > w.kernel - 1 for w in windows):
        return "its padding is uneven, or wider than its kernel"
    return Upconv(
        out=op.out // ratio**rank,
        kernel=joint([w.kernel * ratio for w in windows]),
        stride=ratio,
        padding=joint([ratio * (w.kernel - 1 - w.before) for w in windows]),
        groups=op.groups,
        bias=op.bias,
    )
