"""RF202: a merge whose inputs do not look at the same place."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.layer import Layer
from rfcalc.analyses.network import Analysis
from rfcalc.analyses.receptive_field import Misaligned
from rfcalc.checks.model import Hit, Rule


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires where centres differ by a unit or more, and by more than half a unit of the coarsest map before; or strides by
    half as much again. Nearest upsampling moves centres by less than half a unit of the map that it began with."""
    layers = {layer.name: layer for layer in analysis.every}
    coarsest: dict[str, float] = {}
    for layer in analysis.every:
        strides = map(float, layer.field.stride or ())
        coarsest[layer.name] = max((*strides, *(coarsest.get(name, 1.0) for name in layer.inputs)), default=1.0)
        wrong = layer.field.misaligned
        if wrong and _far(layer, wrong, coarsest[layer.name]) and not _causal(layer, layers):
            yield Hit(layer.name, f"its inputs look at different places: {wrong}")


def _far(layer: Layer, misaligned: Misaligned, coarsest: float) -> bool:
    if misaligned.what == "strides":
        a, b = sorted((abs(misaligned.first), abs(misaligned.second)))
        return b >= 1.5 * a
    by = abs(misaligned.first - misaligned.second)
    return by >= max(layer.field.stride or (1,)) and by > coarsest / 2


def _causal(layer: Layer, layers: dict[str, Layer]) -> bool:
    """True if all inputs end at the same pixel, as in a causal network, which by design sees nothing behind its own place."""
    ends = set()
    for name in layer.inputs:
        field = layers[name].field if name in layers else None
        start, size = (field.start, field.size) if field else ((0,), (1,))
        if start is None or size is None:
            return False
        ends.add(tuple(a + n for a, n in zip(start, size, strict=True)))
    return len(ends) == 1 and layer.node.shape.rank == 1


RULE = Rule(
    code="RF202",
    name="misaligned-merge",
    summary="a merge whose inputs have different centres or strides",
    why=(
        "Adding or concatenating maps pairs unit with unit. Where the branches' units look at places that are further "
        "apart than a unit, borders are smeared and later layers spend weights on moving features back. The usual causes "
        "are a crop at the corner beside unpadded convolutions, one-sided padding, and branches of different stride "
        "cropped to one size. Shifts of a part of a unit are common (a strided 3x3 beside a 2x2 pool) and stay silent. So "
        "do feature pyramids, where nearest upsampling of a map of stride 32 shifts by up to 16 pixels, causal 1-D "
        "networks, whose inputs all end at the same step, and the slightly different step of an interpolation with "
        "align_corners; `rfcalc analyze` notes all of them."
    ),
    example=(
        "input: 8x32x32\nlayers:\n  - {name: a, conv: {out: 8, k: 3, p: [[2, 0], [2, 0]]}}\n"
        "  - {name: sum, add: {}, from: [a, input]}\n"
    ),
    mend="Crop in the centre, pad both sides alike, and give the branches equal strides and kernels of equal parity.",
    reference="Ronneberger et al. 2015, U-Net (centre crops), arXiv:1505.04597",
    find=find,
)
