"""RF101: dilations that leave holes in the field of an output."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analysis import Analysis
from rfcalc.checks.model import Hit, Rule


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires for an output of which a unit skips pixels inside its box, at the first layer from which the holes stay."""
    for output in analysis.outputs:
        coverage = output.field.coverage
        if coverage is None or coverage >= 1 or output.field.whole_input:
            continue
        culprit = next((layer.name for layer in analysis.layers if (layer.field.coverage or 1.0) < 1.0), output.name)
        message = f"a unit of output {output.name} reads {coverage:.1%} of the pixels in its {_box(output.field.size)} box"
        yield Hit(culprit, message, "dilation rates without a common factor (1, 2, 5), rising from 1, close the holes")


def _box(size: tuple[int, ...] | None) -> str:
    return "x".join(map(str, size or ()))


RULE = Rule(
    code="RF101",
    name="gridding",
    summary="dilations that leave holes in the field of an output",
    why=(
        "A stack of convolutions with the same dilation reads a lattice: neighbouring output units see disjoint sets of "
        "pixels, local information is lost and predictions show a grid. Stride followed by a smaller kernel does the same."
    ),
    example="input: 3x128x128\nlayers:\n" + "  - conv: {out: 8, k: 3, d: 2}\n" * 3,
    mend="Let each layer's stride times dilation stay within the field reached so far: rates such as 1, 2, 5 or 1, 2, 4.",
    reference="Wang et al. 2018, Understanding Convolution for Semantic Segmentation, arXiv:1702.08502",
    find=find,
)
