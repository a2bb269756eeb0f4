"""RF301: a bias that the norm behind it takes away."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.checks.model import Hit, Rule
from rfcalc.checks.structure import indexed
from rfcalc.layers.traits import LayerKind


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires for a layer with a bias that only a norm reads which takes the mean of each channel away."""
    graph = analysis.graph
    for i, layer in indexed(analysis):
        channels, readers = layer.node.shape.channels, graph.readers[i]
        if not layer.node.op.biased or not layer.node.learns or i in graph.outputs or len(readers) != 1:
            continue
        behind = graph.nodes[readers[0]].op
        if behind.norm is not None and behind.norm.centred and behind.norm.by_channel(channels):
            norm = "batch norm" if behind.norm.batch else behind.word
            way = "leaving it out" if layer.node.op.kind is LayerKind.OTHER else "bias: false"
            yield Hit(layer.name, f"the {norm} behind it takes its bias away", f"{way} saves {channels:,} parameters")


RULE = Rule(
    code="RF301",
    name="bias-before-norm",
    summary="a bias before a norm that takes the mean of each channel",
    why=(
        "Batch norm and instance norm subtract the mean of each channel, and with it any constant that the layer before has "
        "added; batch norm's own offset does what the bias would. The bias is learned, stored and added for nothing. Some "
        "released networks have it all the same (SRResNet, the stacked hourglass), and their weights need it to load."
    ),
    example="input: 3x32x32\nlayers:\n  - conv: {out: 16, k: 3, norm: bn, act: relu}\n",
    mend="Write `bias: false`, or set it once under `defaults: {conv: {norm: bn, bias: false}}`.",
    reference="Ioffe, Szegedy 2015, Batch Normalization, section 3.2, arXiv:1502.03167",
    find=find,
)
