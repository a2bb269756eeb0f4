"""RF303: a norm that takes the mean of one value."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.checks.model import Hit, Rule


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires for a batch norm on a map of one position, and for another norm that takes the mean of one number away from it."""
    for layer in analysis.every:
        norm, shape = layer.node.op.norm, layer.node.shape
        if norm is None or not norm.centred or norm.values(shape) > 1:
            continue
        if not norm.batch:
            yield Hit(layer.name, f"its input of {shape} has one value for each mean: nothing is left of it but the offset")
        elif shape.rank:
            yield Hit(layer.name, f"its input of {shape} has one value per channel and image: training at batch 1 is an error")


RULE = Rule(
    code="RF303",
    name="norm-of-one-value",
    summary="a norm that takes the mean of one value",
    why=(
        "Statistics over a 1x1 map come from the batch alone: with one image per GPU the variance is zero and torch "
        "refuses to train, with few it is mostly noise. The image-level branches of DeepLab's and PSPNet's pyramids do "
        "have such norms; they are trained with large or synchronized batches, and there it is right. A group norm of one "
        "channel per group on a 1x1 map, or a layer norm of one channel, gives its offset whatever it reads."
    ),
    example="input: 8x16x16\nlayers:\n  - gap\n  - conv: {out: 16, k: 1, bias: false}\n  - bn\n",
    mend="Leave the norm out there, use `norm: {gn: 32}`, or train with large batches or synchronized statistics.",
    reference="Wu, He 2018, Group Normalization, arXiv:1803.08494",
    find=find,
)
