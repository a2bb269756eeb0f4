"""RF101: dilations that leave holes in the field of an output."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import or_

from rfcalc.analyses.layer import Layer
from rfcalc.analyses.network import Analysis
from rfcalc.analyses.receptive_field import Fields
from rfcalc.checks.model import Hit, Rule
from rfcalc.report.units import percent

PHASES = 4


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires for an output of which a unit skips whole rows inside its box, at the first layer from which the holes stay."""
    fields = None
    for output in analysis.outputs:
        coverage = output.field.coverage
        if coverage is None or coverage >= 1 or output.field.whole_input:
            continue
        fields = fields or Fields(analysis.graph)
        if not any(_gaps(fields, output, unit) for unit in _units(output.node.shape.size)):
            continue
        culprit = next((layer.name for layer in analysis.every if (layer.field.coverage or 1.0) < 1.0), output.name)
        message = f"a unit of output {output.name} reads {percent(coverage)} of the pixels in its {_box(output.field.size)} box"
        yield Hit(culprit, message, "dilation rates without a common factor (1, 2, 5), rising from 1, close the holes")


def _units(size: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Units of some phases: the middle one, and its neighbours along each axis."""
    middle = tuple(n // 2 for n in size)
    yield middle
    for axis, n in enumerate(size):
        for at in range(middle[axis] + 1, min(n, middle[axis] + PHASES)):
            yield (*middle[:axis], at, *middle[axis + 1 :])


def _gaps(fields: Fields, layer: Layer, unit: tuple[int, ...]) -> bool:
    """True if a row (column, ...) between two that the unit reads is not read at all: a lattice, and not only a field of
    another form than a box, such as a masked kernel's or that of a cross."""
    products = fields.seen(fields.graph.by_name[layer.name], unit).products
    rows = [reduce(or_, bits) for bits in zip(*products, strict=True)]
    return any((row // (row & -row) + 1).bit_count() > 1 for row in rows)


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
