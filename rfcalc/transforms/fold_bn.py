"""Batch norms are folded into the layer before them, as it is done for inference."""

from __future__ import annotations

from rfcalc.errors import RuleError
from rfcalc.graph import Graph
from rfcalc.layers.vocabulary.conv import Conv, Depthwise, MaskedConv, Upconv
from rfcalc.layers.vocabulary.dense import Linear
from rfcalc.layers.vocabulary.norm import BatchNorm
from rfcalc.record import replace
from rfcalc.transforms.outcome import Chosen, Rewriter, Transformed

Folding = Conv | Depthwise | Upconv | MaskedConv | Linear  # each output channel has weights, and may have a bias, of its own


def apply(graph: Graph, argument: str, chosen: Chosen) -> Transformed:
    """The layer before gets a bias; a batch norm stays where other layers read what it normalizes, or nothing can take it."""
    work = Rewriter(graph)
    left: list[str] = []
    folded: set[int] = set()
    for index, node in enumerate(graph.nodes):
        batch = node.op.norm is not None and node.op.norm.batch
        if isinstance(node.op, Folding) and _norm(graph, index, chosen) is not None:
            work.keep(index, replace(node.op, bias=True))
            folded.add(index)
        elif batch and node.inputs[0] in folded:
            work.skip(index)
        else:
            left += [node.name] if batch else []
            work.keep(index)
    if not folded:
        raise RuleError("no batch norm has a convolution or linear layer of its own before it")
    notes = [f"not folded, having no such layer of their own before them: {', '.join(left)}"] if left else []
    return work.done(True, "equal outputs in evaluation mode (weights and biases scaled by the norm's)", *notes)


def _norm(graph: Graph, index: int, chosen: Chosen) -> int | None:
    """The batch norm that alone reads a layer."""
    readers = graph.readers[index]
    if len(readers) != 1 or index in graph.outputs or {index, *readers} & graph.sharing:
        return None
    node = graph.nodes[readers[0]]
    return readers[0] if isinstance(node.op, BatchNorm) and chosen(node) else None
