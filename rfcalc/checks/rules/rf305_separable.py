"""RF305: a standard convolution that a separable one could replace."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from rfcalc.analyses.network import Analysis
from rfcalc.checks.model import Hit, Rule
from rfcalc.checks.structure import kernel, standard
from rfcalc.report.units import percent, short

LEAST_CHANNELS, LEAST_SAVED = 32, 0.5


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires for dense convolutions of 32 channels and more, with the MACs that depthwise + 1x1 would save."""
    for layer in analysis.every:
        node = layer.node
        if not standard(node) or min(kernel(node), default=1) < 3:
            continue
        wide, out, places = node.shapes[0].channels, node.shape.channels, node.shape.positions
        separable = places * wide * (prod(kernel(node)) + out)
        if min(wide, out) >= LEAST_CHANNELS and separable <= (1 - LEAST_SAVED) * layer.macs:
            saved = layer.macs - separable
            message = f"as a separable convolution it would save {short(saved)} of its {short(layer.macs)} MACs"
            yield Hit(layer.name, f"{message}, {percent(saved / analysis.macs)} of the network's")


RULE = Rule(
    code="RF305",
    name="could-be-separable",
    summary="a standard convolution that a depthwise and a 1x1 convolution could replace",
    why=(
        "A separable convolution has the same field for 1/C_out + 1/k^2 of the MACs. It is another function with fewer "
        "parameters, and on GPUs depthwise layers are bound by memory, so that the time shrinks less than the MACs. "
        "Opt-in."
    ),
    example="input: 64x32x32\nlayers:\n  - conv: {out: 64, k: 3}\n",
    mend="Write `sepconv: {out: .., k: 3}` and train again: it is another network, with fewer weights.",
    reference="Howard et al. 2017, MobileNets, arXiv:1704.04861",
    find=find,
    default=False,
)
