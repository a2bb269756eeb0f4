"""RF304: channels that tensor cores have to pad."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.checks.model import Hit, Rule
from rfcalc.checks.structure import convolves, groups, indexed
from rfcalc.layers.traits import LayerKind

MULTIPLE = 8


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires for hidden dense convolutions and linear layers whose output channels are no multiple of 8."""
    graph = analysis.graph
    for i, layer in indexed(analysis):
        node, channels = layer.node, layer.node.shape.channels
        dense = node.op.kind is LayerKind.LINEAR or (convolves(node) and groups(node) == 1)
        if dense and channels % MULTIPLE and i not in graph.outputs and graph.readers[i]:
            near = -(-channels // MULTIPLE) * MULTIPLE
            yield Hit(layer.name, f"{channels} channels are no multiple of {MULTIPLE}", f"take {near}")


RULE = Rule(
    code="RF304",
    name="odd-channels",
    summary="channels that are no multiple of 8",
    why=(
        "Matrix units of GPUs work on tiles of 8 or 16 half-precision numbers; other widths are padded or take a slower "
        "path. Opt-in, because it matters only there, and the widths of heads are given by the task."
    ),
    example="input: 8x32x32\nlayers:\n  - conv: {out: 30, k: 3}\n  - conv: {out: 16, k: 3}\n",
    mend="Round the width up to the next multiple of 8.",
    reference="NVIDIA, Deep Learning Performance: Convolutional Layers User's Guide, channels in and out",
    find=find,
    default=False,
)
