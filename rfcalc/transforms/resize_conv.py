"""A transposed convolution becomes nearest upsampling and a convolution (Odena et al. 2016): no checkerboard."""

from __future__ import annotations

from rfcalc.errors import RuleError
from rfcalc.graph import Graph, Node
from rfcalc.layers.contract import Op
from rfcalc.layers.vocabulary.conv import Conv, Upconv
from rfcalc.layers.vocabulary.pad import Crop, Pad
from rfcalc.layers.vocabulary.resize import Upsample
from rfcalc.transforms.outcome import Chosen, Rewriter, Transformed, around, axes

USUAL = 3


def apply(graph: Graph, argument: str, chosen: Chosen) -> Transformed:
    """NAME_upsample, by the stride, comes first, then NAME_crop and NAME_pad, as far as the old layer's size differs from
    that; the convolution, of kernel 3 or KERNEL, keeps the name."""
    if argument and (not argument.isdecimal() or not 1 <= int(argument[:9]) <= 1023 or int(argument) % 2 == 0):
        raise RuleError(f"resize-conv takes an odd kernel, such as resize-conv=5, not {argument!r}")
    work = Rewriter(graph)
    fitted: list[str] = []
    for index, node in enumerate(graph.nodes):
        op = node.op
        if not isinstance(op, Upconv) or not chosen(node) or set(axes(op.stride, node.shape.rank)) == {1}:
            work.keep(index)
            continue
        at = work.at[node.inputs[0]]
        fits = _fits(node, op)
        fitted += [node.name] if fits else []
        for word, new in {"upsample": Upsample(scale=op.stride), **fits}.items():
            at = work.add(work.new(f"{node.name}_{word}"), new, [at], node)
        conv = Conv(out=op.out, kernel=int(argument or USUAL), groups=op.groups, bias=op.bias)
        work.at[index] = work.add(node.name, conv, [at], node)
        work.changed.append(node.name)
    if not work.changed:
        raise RuleError("there is no transposed convolution with a stride above 1")
    note = [f"padded or cropped to the old size, centred as it was: {', '.join(fitted)}"] if fitted else []
    return work.done(False, "not equivalent: another convolution, to be trained anew; every output reads as many units", *note)


def _fits(node: Node, op: Upconv) -> dict[str, Op]:
    """What makes the old size of the upsampled one, by word. The middle of what unit 0 reaches stays where it was, to half
    a unit: at (dilation (kernel - 1) + 1 - stride) / 2 - padding of the upsampled map."""
    pairs = []
    windows = op.sliding.on(node.shapes[0].size)
    for n, m, w in zip(node.shapes[0].size, node.shape.size, windows, strict=True):
        before = int((w.dilation * (w.kernel - 1) + 1 - w.stride) / 2 - w.before)
        pairs.append((before, m - n * w.stride - before))
    cut = tuple((max(0, -a), max(0, -b)) for a, b in pairs)
    added = tuple((max(0, a), max(0, b)) for a, b in pairs)
    fits: dict[str, Op] = {"crop": Crop(margin=around(cut))} if any(map(any, cut)) else {}
    return fits | ({"pad": Pad(around(added), "replicate")} if any(map(any, added)) else {})
