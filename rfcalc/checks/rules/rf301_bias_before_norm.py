"""RF301: a bias that the batch norm behind it takes away."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.checks.model import Hit, Rule
from rfcalc.checks.structure import CONVOLUTIONS, indexed


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires for a convolution or linear layer with a bias that only a batch norm reads."""
    graph = analysis.graph
    for i, layer in indexed(analysis):
        op, readers = layer.node.op, graph.readers[i]
        biased = op.word in CONVOLUTIONS | {"linear"} and getattr(op, "bias", False) and i not in graph.outputs
        if biased and len(readers) == 1 and graph.nodes[readers[0]].op.word == "bn":
            count = layer.node.shape.channels
            yield Hit(layer.name, "the batch norm behind it takes its bias away", f"bias: false saves {count:,} parameters")


RULE = Rule(
    code="RF301",
    name="bias-before-norm",
    summary="a bias before a batch norm",
    why=(
        "Batch norm subtracts the mean of each channel, and with it any constant that the layer before has added; its own "
        "offset does what the bias would. The bias is learned, stored and added for nothing. Some released networks have "
        "it all the same (SRResNet, the stacked hourglass), and their weights need it to load."
    ),
    example="input: 3x32x32\nlayers:\n  - conv: {out: 16, k: 3, norm: bn, act: relu}\n",
    mend="Write `bias: false`, or set it once under `defaults: {conv: {norm: bn, bias: false}}`.",
    reference="Ioffe, Szegedy 2015, Batch Normalization, section 3.2, arXiv:1502.03167",
    find=find,
)
