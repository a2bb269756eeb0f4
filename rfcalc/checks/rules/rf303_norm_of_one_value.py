"""RF303: a batch norm that sees one value per channel and image."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.checks.model import Hit, Rule


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires for a batch norm on a map of one position."""
    for layer in analysis.layers:
        shape = layer.node.shape
        if layer.node.op.word == "bn" and shape.rank and shape.positions == 1:
            yield Hit(layer.name, f"its input of {shape} has one value per channel and image: training at batch 1 is an error")


RULE = Rule(
    code="RF303",
    name="norm-of-one-value",
    summary="a batch norm that sees one value per channel",
    why=(
        "Statistics over a 1x1 map come from the batch alone: with one image per GPU the variance is zero and torch "
        "refuses to train, with few it is mostly noise. The image-level branches of DeepLab's and PSPNet's pyramids do "
        "have such norms; they are trained with large or synchronized batches, and there it is right."
    ),
    example="input: 8x16x16\nlayers:\n  - gap\n  - conv: {out: 16, k: 1, bias: false}\n  - bn\n",
    mend="Leave the norm out there, use `norm: {gn: 32}`, or train with large batches or synchronized statistics.",
    reference="Wu, He 2018, Group Normalization, arXiv:1803.08494",
    find=find,
)
