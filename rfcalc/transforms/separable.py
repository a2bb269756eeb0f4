"""Standard convolutions become depthwise and 1x1 (MobileNet, Howard et al. 2017): 1/C_out + 1/k^2 of the MACs."""

from __future__ import annotations

from math import prod
from typing import Any

from rfcalc.errors import RuleError
from rfcalc.graph import Graph, Node
from rfcalc.layers.words import make
from rfcalc.transforms.outcome import Chosen, Outcome, Rewriter, axes


def standard(node: Node) -> bool:
    """Whether a layer is a convolution of all channels with a kernel larger than 1."""
    op: Any = node.op
    return op.word == "conv" and op.groups == 1 and prod(axes(op.kernel, node.shape.rank)) > 1


def apply(graph: Graph, argument: str, chosen: Chosen) -> Outcome:
    """The depthwise convolution is named NAME_dw, the 1x1 keeps the name; norm and activation stay behind the 1x1."""
    work = Rewriter(graph)
    before = after = formula = thumb = 0.0
    for index, node in enumerate(graph.nodes):
        if not (standard(node) and chosen(node)):
            work.keep(index)
            continue
        op: Any = node.op
        settings = {name: getattr(op, name) for name in ("kernel", "stride", "padding", "dilation", "padding_mode")}
        middle = work.add(work.new(f"{node.name}_dw"), make("dwconv", **settings, bias=False), [work.at[node.inputs[0]]], node)
        work.at[index] = work.add(node.name, make("conv", out=op.out, kernel=1, bias=op.bias), [middle], node)
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
