"""Linear layers become convolutions (Long et al. 2015): a linear layer on a C x H x W map is an H x W convolution.

Flattening goes, the pooling before a classifier becomes a sliding one, and the network takes any input; what was a vector
is a map, of one unit at the original size.
"""

from __future__ import annotations

from rfcalc.errors import RuleError
from rfcalc.graph import Graph
from rfcalc.layers.vocabulary.adaptive import AdaptiveMaxPool, AdaptivePool, GlobalMaxPool, GlobalPool
from rfcalc.layers.vocabulary.conv import Conv
from rfcalc.layers.vocabulary.dense import Flatten, Linear
from rfcalc.layers.vocabulary.pool import AvgPool, MaxPool
from rfcalc.relations.channels import SAME
from rfcalc.relations.shape import Shape
from rfcalc.transforms.outcome import Chosen, Rewriter, Transformed, axes, joint, size_text

Global = GlobalPool | GlobalMaxPool
Adaptive = AdaptivePool | AdaptiveMaxPool


def apply(graph: Graph, argument: str, chosen: Chosen) -> Transformed:
    """Raises RuleError where a layer on vectors is none that a map could pass through."""
    leads = _leading(graph)
    if not any(isinstance(node.op, Linear) for node in graph.nodes):
        raise RuleError("there is no linear layer; the network is fully convolutional already")
    work = Rewriter(graph)
    for index, node in enumerate(graph.nodes):
        if isinstance(node.op, Linear):
            _linear(work, index, node.op)
        elif isinstance(node.op, Flatten):
            work.skip(index)
        elif leads[index] and isinstance(node.op, Adaptive):
            _pool(work, index, axes(node.op.out, node.shape.rank), isinstance(node.op, AdaptiveMaxPool))
        elif leads[index] and isinstance(node.op, Global) and node.op.axis is None:
            _pool(work, index, node.shape.size, isinstance(node.op, GlobalMaxPool))
        else:
            _check(work, index)
            work.keep(index)
            _check_numbers(work, index)
    where = ", ".join(str(graph.nodes[i].shape) for i in graph.inputs)
    return work.done(
        True,
        f"equal outputs at {where} (with the weights of each linear layer reshaped), as a map of one unit",
        "larger inputs give larger maps of outputs",
    )


def _leading(graph: Graph) -> list[bool]:
    """For each node, whether a linear or flatten layer reads it, through layers that keep its positions."""
    leading = [False] * len(graph.nodes)
    for i in reversed(range(len(graph.nodes))):
        for reader in graph.readers[i]:
            node = graph.nodes[reader]
            same = node.shape.size == graph.nodes[i].shape.size and all(read.local for read in node.reads)
            leading[i] = leading[i] or isinstance(node.op, Linear | Flatten) or (same and leading[reader])
    return leading


def _linear(work: Rewriter, index: int, op: Linear) -> None:
    source = work.source(index).shape
    if not source.rank:
        work.keep(index)
        return
    kernel = joint(source.size)
    work.keep(index, Conv(op.out, kernel, bias=op.bias) if kernel == 1 else Conv(op.out, kernel, padding=0, bias=op.bias))


def _pool(work: Rewriter, index: int, out: tuple[int, ...], largest: bool) -> None:
    """A pool to a fixed size becomes one whose windows slide; none where each unit is its own window."""
    node, source = work.graph.nodes[index], work.source(index).shape
    if source.size == out:
        work.skip(index)
        return
    if any(n % m for n, m in zip(source.size, out, strict=True)):
        raise RuleError(f"{node.name}: windows from {size_text(source.size)} to {size_text(out)} are not all of one size")
    kernel = tuple(n // m for n, m in zip(source.size, out, strict=True))
    stride = tuple(k if m > 1 else 1 for k, m in zip(kernel, out, strict=True))
    work.keep(index, (MaxPool if largest else AvgPool)(joint(kernel), joint(stride)))


def _check(work: Rewriter, index: int) -> None:
    """Refuses a layer that would not do to a map what it did to the flattened vector."""
    node = work.graph.nodes[index]
    for which, (old, j) in enumerate(zip(node.shapes, node.inputs, strict=True)):
        new: Shape = work.builder.nodes[work.at[j]].shape
        if old.rank or not new.rank:
            continue
        reads = [read for read in node.reads if read.source == which]
        if not all(not read.axes and not read.phases for read in reads):
            raise RuleError(f'{node.op.word} "{node.name}" needs a vector; it has no form on maps')
        if new.positions > 1 and (node.unshared.params or node.unshared.buffers):
            raise RuleError(f'{node.op.word} "{node.name}" keeps something for each number of a flattened {new}')
        if new.positions > 1 and not all(read.pointwise and read.channels is SAME for read in reads):
            raise RuleError(f'{node.op.word} "{node.name}" mixes the numbers of a flattened {new}')


def _check_numbers(work: Rewriter, index: int) -> None:
    """Refuses a layer that has other numbers now: a flattened map repeated along another one's axes, say."""
    old, new = work.graph.nodes[index], work.builder.nodes[work.at[index]]
    if new.shape.elements != old.shape.elements:
        raise RuleError(f'{old.op.word} "{old.name}" gives {new.shape} of maps, where it gave {old.shape}')
