"""RF308: batch norm in a network that is trained on a few images at a time."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.analyses.training import Training
from rfcalc.checks.model import Hit, Rule

LEAST = 8


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires once, at the first batch norm, where the spec says that a device trains on fewer than LEAST images at a time."""
    batch = analysis.graph.stated("train", Training()).batch or LEAST
    norms = [layer for layer in analysis.every if layer.node.op.norm is not None and layer.node.op.norm.batch]
    if norms and batch < LEAST:
        many = f" and {len(norms) - 1} more" if len(norms) > 1 else ""
        images = f"{batch} image{'s' if batch > 1 else ''}"
        yield Hit(norms[0].name, f"its{many} means and variances are those of {images}: too few to stand for all")


RULE = Rule(
    code="RF308",
    name="small-batch",
    summary="batch norm that is trained on a few images at a time",
    why=(
        "Batch norm trains with the statistics of the batch on its device and answers with those of all. On 8 images and more "
        "the two agree well enough; below, the noise grows: with ResNet-50 on ImageNet the error rises from 24.8 % at 8 images "
        "to 27.3 % at 4 and 34.7 % at 2. Group norm has no such statistics, and stays at 24 %. The rule applies where the spec "
        "says how many images a device sees at a time: `train: {batch: 2}`."
    ),
    example="input: 3x64x64\ntrain: {batch: 2}\nlayers:\n  - conv: {out: 32, k: 3, norm: bn, bias: false}\n",
    mend="Use `norm: {gn: 32}` (`rfcalc transform --to group-norm`), statistics that the devices share, or a larger batch.",
    reference="Wu, He 2018, Group Normalization, arXiv:1803.08494, figure 1 and table 2",
    find=find,
)
