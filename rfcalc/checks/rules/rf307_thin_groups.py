"""RF307: groups of too few channels."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.checks.model import Hit, Rule
from rfcalc.checks.structure import convolves, groups

LEAST = 8


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires for grouped, not depthwise, convolutions with fewer than 8 channels per group."""
    for layer in analysis.every:
        node = layer.node
        wide, count = node.shapes[0].channels if node.shapes else 0, groups(node) if node.shapes else 1
        if convolves(node) and 1 < count < wide and wide // count < LEAST:
            yield Hit(layer.name, f"{count} groups of {wide // count} channels each")


RULE = Rule(
    code="RF307",
    name="thin-groups",
    summary="a grouped convolution with fewer than 8 channels per group",
    why=(
        "Each group is a small matrix product of its own. Below 8 channels it fills no tile of a GPU's matrix units, and "
        "the MACs that the groups save are not saved in time. Opt-in, because accuracy may want it: ResNeXt-50 32x4d has "
        "groups of 4."
    ),
    example="input: 64x32x32\nlayers:\n  - conv: {out: 64, k: 3, groups: 16}\n",
    mend="Use fewer, wider groups (RegNet takes 8 and more channels per group), or a depthwise convolution.",
    reference="Radosavovic et al. 2020, Designing Network Design Spaces, arXiv:2003.13678",
    find=find,
    default=False,
)
