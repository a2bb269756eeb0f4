"""RF102: layers that widen a field which is already larger than the image."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.checks.model import Hit, Rule
from rfcalc.report.units import percent


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires once, at the first unproductive layer, and counts the others."""
    wasted = [layer for layer in analysis.every if layer.unproductive]
    if wasted:
        more = f"; {len(wasted) - 1} more behind it" if len(wasted) > 1 else ""
        size = "x".join(map(str, analysis.input.size))
        cost = sum(layer.macs for layer in wasted) / max(1, analysis.macs)
        share = f"{percent(cost)} of the MACs"
        yield Hit(wasted[0].name, f"widens a field that is already larger than the {size} image{more} ({share})")


RULE = Rule(
    code="RF102",
    name="unproductive-layers",
    summary="layers that widen a receptive field which is already larger than the image",
    why=(
        "A layer whose input already sees more than the image adds no new context. On images of this size such layers "
        "tend to pass on what they get, at full cost. Well-known classifiers have them at 224 pixels (ResNet-50: 4, "
        "ResNet-152: 36) and gain from their depth all the same, hence this rule is opt-in: it is for a design made for a "
        "small image."
    ),
    example="input: 3x32x32\nlayers:\n" + "  - conv: {out: 16, k: 3, s: 2}\n" * 4 + "  - conv: {out: 16, k: 3}\n" * 2,
    mend="Downsample later, use fewer layers or smaller kernels in the last stages, or a larger input (`rfcalc resize SPEC`).",
    reference="Richter et al. 2021, Should You Go Deeper? Optimizing CNNs without Training, arXiv:2106.12307",
    find=find,
    default=False,
)
