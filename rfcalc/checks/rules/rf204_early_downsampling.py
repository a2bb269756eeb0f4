"""RF204: a map that is made small before anything has looked at it."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.analyses.unproductive import widens
from rfcalc.checks.model import Hit, Rule
from rfcalc.checks.structure import indexed, times

LARGE, FEW = 8, 1


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires at the first layer that is 8 times smaller than the image, behind at most one layer with a spatial kernel."""
    depth: dict[int, int] = {}
    for i, layer in indexed(analysis):
        weighted = layer.node.learns and widens(layer.node)
        depth[i] = max((depth.get(j, 0) for j in layer.node.inputs), default=0) + weighted
        if layer.downsampling and min(layer.downsampling) >= LARGE and layer.node.shape.positions > 1:
            if depth[i] <= FEW:
                ratio = "x".join(f"{float(x):g}" for x in layer.downsampling)
                yield Hit(layer.name, f"downsampled by {ratio} after {times(depth[i], 'learned spatial layer')}")
            return


RULE = Rule(
    code="RF204",
    name="early-downsampling",
    summary="the map is 8 times smaller than the image before a second learned spatial layer",
    why=(
        "What a stride throws away cannot come back: large early strides save much time and cost detail, above all for "
        "small objects and dense prediction. Opt-in, because it can be meant: AlexNet's first layer with its pool does "
        "it, and a vision transformer's patches are nothing else."
    ),
    example="input: 3x128x128\nlayers:\n  - conv: {out: 32, k: 7, s: 4}\n  - maxpool: 2\n  - conv: {out: 32, k: 3}\n",
    mend="Spread the strides over several layers, or begin with a stem of two or three 3x3 convolutions.",
    reference="Iandola et al. 2016, SqueezeNet (strategy 3: downsample late), arXiv:1602.07360",
    find=find,
    default=False,
)
