"""Standard convolutions become depthwise and 1x1 (MobileNet, Howard et al. 2017): 1/C_out + 1/k^2 of the MACs."""

from __future__ import annotations

from math import prod

from rfcalc.errors import RuleError
from rfcalc.graph import Graph, Node
from rfcalc.layers.vocabulary.conv import Conv, Depthwise
from rfcalc.transforms.outcome import Chosen, Rewriter, Transformed, axes


def standard(node: Node) -> Conv | None:
    """A layer's record if it is a convolution of all channels with a kernel larger than 1, and counts what such a one does."""
    op = node.op
    return op if isinstance(op, Conv) and op.groups == 1 and prod(axes(op.kernel, node.shape.rank)) > 1 else None


def apply(graph: Graph, argument: str, chosen: Chosen) -> Transformed:
    """The depthwise convolution is named NAME_dw, the 1x1 keeps the name; norm and activation stay behind the 1x1."""
    work = Rewriter(graph)
    before = after = formula = thumb = 0.0
    for index, node in enumerate(graph.nodes):
        op = standard(node)
        if op is None or not chosen(node):
            work.keep(index)
            continue
        depthwise = Depthwise(op.kernel, op.stride, op.padding, op.dilation, bias=False, padding_mode=op.padding_mode)
        middle = work.add(work.new(f"{node.name}_dw"), depthwise, [work.at[node.inputs[0]]], node)
        work.at[index] = work.add(node.name, Conv(out=op.out, kernel=1, bias=op.bias), [middle], node)
        work.changed.append(node.name)
        before += node.cost.macs
        after += sum(work.builder.nodes[i].cost.macs for i in (middle, work.at[index]))
        taps = prod(axes(op.kernel, node.shape.rank))
        formula += node.cost.macs * (1 / op.out + 1 / taps)
        thumb += node.cost.macs / taps
    if not work.changed:
        raise RuleError("there is no standard convolution with a kernel larger than 1")
    said = f"1/C_out + 1/k^2 says {formula / before:.4f}, the rule of thumb 1/k^2 {thumb / before:.4f}"
    ratio = f"these layers take {after / before:.4f} of their MACs; {said}"
    return work.done(False, "not equivalent: a factorized filter is a special case of a full one, to be trained anew", ratio)
