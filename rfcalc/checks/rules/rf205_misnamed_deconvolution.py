"""RF205: a transposed convolution that is called a deconvolution."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.checks.model import Hit, Rule
from rfcalc.checks.structure import indexed
from rfcalc.layers.traits import LayerKind


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires for transposed convolutions whose own name holds "deconv"."""
    for _, layer in indexed(analysis):
        own = layer.name.rpartition(".")[2]
        if layer.node.op.kind is LayerKind.TRANSPOSED and "deconv" in own.lower():
            yield Hit(layer.name, "a transposed convolution, which inverts nothing, is called a deconvolution")


RULE = Rule(
    code="RF205",
    name="misnamed-deconvolution",
    summary="a transposed convolution that is called a deconvolution",
    why=(
        "A deconvolution undoes a convolution: it finds the input from the output. A transposed convolution only has the "
        "shapes the other way round; it is the gradient of a convolution with respect to its input, and its weights are "
        "learned. The name leads readers to expect an inverse. Opt-in, because names may have to match stored weights."
    ),
    example="input: 8x16x16\nlayers:\n  - {name: deconv1, upconv: {out: 8, k: 4, s: 2, p: 1}}\n",
    mend="Call it upconv, or transposed.",
    reference="Zeiler et al. 2010, Deconvolutional Networks (the inverse problem); Dumoulin and Visin 2016, arXiv:1603.07285",
    find=find,
    default=False,
)
