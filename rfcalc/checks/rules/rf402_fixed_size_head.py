"""RF402: a linear layer that ties the network to one input size."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.checks.model import Hit, Rule
from rfcalc.checks.structure import indexed, quiet, source
from rfcalc.graph import Node
from rfcalc.layers.traits import LayerKind


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires for a linear layer on a flattened map of more than one position that no adaptive pool has fixed."""
    graph = analysis.graph
    for i, layer in indexed(analysis):
        if layer.node.op.kind is not LayerKind.LINEAR:
            continue
        map_ = graph.nodes[source(graph, i, _passed)]
        adaptive = map_.op.kind is LayerKind.POOL and map_.op.sliding is None
        if map_.shape.positions > 1 and map_.shape.rank and not adaptive:
            size = "x".join(map(str, map_.shape.size))
            message = f"a linear layer on a flattened {size} map: only one input size fits"
            yield Hit(layer.name, message, _hint(layer.params, size))


def _passed(node: Node) -> bool:
    """Layers between a map and the linear layer that it is flattened for."""
    return quiet(node) or (node.op.kind is LayerKind.VIEW and not node.shape.rank)


def _hint(params: int, size: str) -> str:
    return f"gap before it, or a convolution of kernel {size} in its place; it holds {params:,} parameters"


RULE = Rule(
    code="RF402",
    name="fixed-size-head",
    summary="a linear layer behind a flatten ties the input size",
    why=(
        "Every other layer takes any size; the one linear layer on a flattened map does not, and mostly holds the largest "
        "share of the parameters. AlexNet is built so, as published, and there it is right; so was VGG, which here, as in "
        "torchvision, pools adaptively to 7x7 before it and therefore stays silent. Later networks average the map."
    ),
    example="input: 3x32x32\nlayers:\n  - conv: {out: 16, k: 3, s: 2}\n  - flatten\n  - linear: 10\n",
    mend="Average first (`gap`), or write the layer as a convolution.",
    reference="Long, Shelhamer, Darrell 2015, Fully Convolutional Networks, arXiv:1411.4038",
    find=find,
)
