"""A transposed convolution becomes nearest upsampling and a convolution (Odena et al. 2016): no checkerboard."""

from __future__ import annotations

from rfcalc.errors import RuleError
from rfcalc.graph import Graph, Node
from rfcalc.layers.vocabulary.conv import Conv, Upconv
from rfcalc.layers.vocabulary.resize import Upsample
from rfcalc.transforms.outcome import Chosen, Rewriter, Transformed, axes, joint


def apply(graph: Graph, argument: str, chosen: Chosen) -> Transformed:
    """NAME_upsample comes first; the convolution, whose kernel is the old one made odd and at least 3, keeps the name."""
    work = Rewriter(graph)
    fixed: list[str] = []
    for index, node in enumerate(graph.nodes):
        op = node.op
        if not isinstance(op, Upconv) or not chosen(node) or set(axes(op.stride, node.shape.rank)) == {1}:
            work.keep(index)
            continue
        upsample = _upsample(node, axes(op.stride, node.shape.rank))
        fixed += [node.name] if upsample.size is not None else []
        at = work.add(work.new(f"{node.name}_upsample"), upsample, [work.at[node.inputs[0]]], node)
        kernel = [max(3, k - 1 + k % 2) for k in axes(op.kernel, node.shape.rank)]
        conv = Conv(out=op.out, kernel=joint(kernel), groups=op.groups, bias=op.bias)
        work.at[index] = work.add(node.name, conv, [at], node)
        work.changed.append(node.name)
    if not work.changed:
        raise RuleError("there is no transposed convolution with a stride above 1")
    note = [f"upsampled to a fixed size, since theirs is no multiple of their input's: {', '.join(fixed)}"] if fixed else []
    return work.done(False, "not equivalent: another convolution, to be trained anew; every output reads as many units", *note)


def _upsample(node: Node, stride: tuple[int, ...]) -> Upsample:
    if all(m == n * s for n, m, s in zip(node.shapes[0].size, node.shape.size, stride, strict=True)):
        return Upsample(scale=joint(stride))
    return Upsample(size=joint(node.shape.size))
