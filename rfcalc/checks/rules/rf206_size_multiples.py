"""RF206: merges that fit only at some input sizes."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.analyses.sizes import Fitting, fitting
from rfcalc.checks.model import Hit, Rule
from rfcalc.fields.resized import ShapesAtSize

MOST_RESIDUES = 4


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires once, at the layer that refuses most, if along some axis only sizes with some remainders fit."""
    graph = analysis.graph
    if not graph.nodes[graph.inputs[0]].shape.rank:
        return
    sizes = ShapesAtSize(graph)
    for axis in range(len(sizes.image)):
        pattern = fitting(sizes, axis)
        fits = pattern.fits
        if pattern.refusals and fits.start is not None and 0 < len(fits.residues) < fits.period:
            layer, _, example, message = max(pattern.refusals, key=lambda refusal: refusal[1])
            yield Hit(layer, f"{_which(pattern)}; it refuses {example}, for one: {message}")
            return


def _which(found: Fitting) -> str:
    fits = found.fits
    if fits.residues == (0,):
        return f"only input sizes that are multiples of {fits.period} fit"
    some = ", ".join(map(str, fits.residues[:MOST_RESIDUES])) + (", ..." if len(fits.residues) > MOST_RESIDUES else "")
    return f"only input sizes n with n mod {fits.period} in {some} fit"


RULE = Rule(
    code="RF206",
    name="size-multiples",
    summary="merges that fit only at some input sizes",
    why=(
        "A decoder that doubles sizes meets the encoder's map again only if halving lost nothing on the way down: with five "
        "halvings every side must be a multiple of 32. Other images are an error at run time, or have to be padded first. "
        "Encoder-decoder networks with same padding, such as the stacked hourglass, are built so on purpose, hence this rule "
        "is opt-in: it is for a design that is meant to take any image."
    ),
    example=(
        "input: 3x64x64\nlayers:\n  - {name: top, conv: {out: 8, k: 3}}\n  - {name: down, maxpool: 2}\n"
        "  - {name: up, upsample: 2}\n  - {name: sum, add: {}, from: [top, up]}\n"
    ),
    mend=(
        "Resize to the other input (`upsample` with two inputs takes the second one's size), crop, or pad the image to the "
        "multiple; `rfcalc sizes SPEC` lists the sizes that fit."
    ),
    reference="Long et al. 2015, Fully Convolutional Networks for Semantic Segmentation, arXiv:1411.4038",
    find=find,
    default=False,
)
