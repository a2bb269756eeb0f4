"""Transposed convolution = convolution + pixel shuffle, where the kernel is a multiple of the stride (Shi et al. 2016).

A transposed convolution with kernel m*s and stride s reads m units per axis for each of its s phases; each phase is a
convolution with kernel m, of as few units as the output needs. The shuffle interleaves the phases, a crop takes away what
the padding cuts from the first and the last unit.
"""

from __future__ import annotations

from rfcalc.errors import RuleError
from rfcalc.graph import Graph, Node
from rfcalc.layers.vocabulary.conv import Conv, Upconv
from rfcalc.layers.vocabulary.pad import Crop
from rfcalc.layers.vocabulary.reshape import PixelShuffle
from rfcalc.transforms.outcome import Chosen, Rewriter, Transformed, around, axes, joint


def apply(graph: Graph, argument: str, chosen: Chosen) -> Transformed:
    """The convolution keeps the name; NAME_shuffle and, where there is padding, NAME_crop follow."""
    work = Rewriter(graph)
    for index, node in enumerate(graph.nodes):
        if isinstance(node.op, Upconv) and chosen(node):
            _replace(work, index, node, node.op)
        else:
            work.keep(index)
    if not work.changed:
        back = any(isinstance(node.op, PixelShuffle) for node in graph.nodes)
        raise RuleError("there is no transposed convolution" + ("; transposed is the way back" if back else ""))
    return work.done(True, "equal outputs (each weight goes to the phase and tap that it belongs to)")


def _replace(work: Rewriter, index: int, node: Node, op: Upconv) -> None:
    rank = node.shape.rank
    kernel, stride = axes(op.kernel, rank), axes(op.stride, rank)
    if len(set(stride)) > 1 or stride[0] == 1:
        raise RuleError(f'upconv "{node.name}": pixel shuffle needs one stride above 1 for all axes, not {joint(stride)}')
    if set(axes(op.dilation, rank)) != {1}:
        raise RuleError(f'upconv "{node.name}": a dilated transposed convolution has phases of unequal kernels')
    if any(k % s for k, s in zip(kernel, stride, strict=True)):
        raise RuleError(
            f'upconv "{node.name}": the kernel ({joint(kernel)}) is no multiple of the stride ({stride[0]}), so its phases '
            "differ (the checkerboard); resize-conv replaces it"
        )
    for pad, extra in zip(axes(op.padding, rank), axes(op.output_padding, rank), strict=True):
        if extra > pad:
            raise RuleError(
                f'upconv "{node.name}": output_padding {extra} beyond the padding {pad} adds units that read nothing'
            )
    taps = tuple(k // s for k, s in zip(kernel, stride, strict=True))
    sizes = zip(node.shapes[0].size, node.shape.size, taps, stride, axes(op.padding, rank), strict=True)
    least = [_least(n, m, t, s, pad) for n, m, t, s, pad in sizes]
    padding, margins = around([sides for sides, _ in least]), [cut for _, cut in least]
    conv = Conv(op.out * stride[0] ** rank, joint(taps), padding=padding, groups=op.groups, bias=op.bias)
    at = work.add(node.name, conv, [work.at[node.inputs[0]]], node)
    at = work.add(work.new(f"{node.name}_shuffle"), PixelShuffle(stride[0]), [at], node)
    if any(any(margin) for margin in margins):
        at = work.add(work.new(f"{node.name}_crop"), Crop(margin=around(margins)), [at], node)
    work.at[index] = at
    work.changed.append(node.name)


def _least(n: int, m: int, taps: int, stride: int, pad: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """For one axis, of n units that became m: the convolution's padding, with which it makes the units that the output has a
    part of, and what is to be cut from the shuffled map. Unit b of a full padding (taps - 1) makes pixels b stride - pad..."""
    first, last = pad // stride, (pad + m - 1) // stride
    before, after = taps - 1 - first, last - (n - 1)
    cut = pad - first * stride, (last + 1) * stride - pad - m
    return (max(0, before), max(0, after)), (cut[0] + stride * max(0, -before), cut[1] + stride * max(0, -after))
