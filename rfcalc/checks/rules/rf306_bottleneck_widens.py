"""RF306: a bottleneck whose middle is wider than its ends."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.checks.model import Hit, Rule
from rfcalc.checks.structure import indexed, kernel, source, standard
from rfcalc.graph import Node


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires at the dense k x k convolution of a chain 1x1, k x k, 1x1 that is wider than what the chain reads and gives."""
    graph = analysis.graph
    for i, layer in indexed(analysis):
        if not _pointwise(layer.node) or not _dense(graph.nodes[middle := source(graph, i)]):
            continue
        node = graph.nodes[middle]
        first = graph.nodes[source(graph, middle)]
        inner = node.shapes[0].channels
        if _pointwise(first) and inner > max(first.shapes[0].channels, layer.node.shape.channels):
            ends = f"{first.shapes[0].channels} in, {layer.node.shape.channels} out"
            yield Hit(node.name, f"its bottleneck widens: {inner} channels in the middle, {ends}")


def _pointwise(node: Node) -> bool:
    return standard(node) and max(kernel(node), default=0) == 1


def _dense(node: Node) -> bool:
    return standard(node) and max(kernel(node), default=0) > 1


RULE = Rule(
    code="RF306",
    name="bottleneck-widens",
    summary="a bottleneck whose middle is wider than its ends",
    why=(
        "The first 1x1 of a bottleneck is there to make the expensive convolution in the middle narrow. If it widens, the "
        "middle costs more than a plain convolution between the ends would. A middle that is depthwise or grouped may "
        "well be wider: MobileNetV2's inverted residuals and ResNeXt stay silent."
    ),
    example=(
        "input: 16x32x32\nlayers:\n  - conv: {out: 64, k: 1, act: relu}\n  - conv: {out: 64, k: 3, act: relu}\n"
        "  - conv: {out: 16, k: 1}\n"
    ),
    mend="Make the middle narrower than the ends (a quarter in ResNet), or make its convolution depthwise or grouped.",
    reference="He et al. 2015, Deep Residual Learning (figure 5), arXiv:1512.03385",
    find=find,
)
