"""RF201: a transposed convolution whose kernel is not a multiple of its stride."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.checks.model import Hit, Rule


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires where output units of one layer read unequal numbers of taps, by turns."""
    for layer in analysis.every:
        for read in layer.node.reads:
            counts = [sorted({len(taps) for taps in reach.taps}) for reach in read.axes if reach is not None]
            uneven = [c for c in counts if len(c) > 1 and layer.node.learns]
            if uneven:
                least, most = uneven[0][0], uneven[0][-1]
                sums = f"neighbours sum {least} and {most} taps per axis"
                window = layer.node.op.sliding
                if window is None:
                    yield Hit(layer.name, sums)
                else:
                    message = f"kernel {window.kernel} is no multiple of stride {window.stride}: {sums}"
                    yield Hit(layer.name, message, _hint(window.kernel, window.stride))
                break


def _hint(kernel: object, stride: object) -> str:
    if isinstance(kernel, int) and isinstance(stride, int):
        return f"kernel {stride * -(-kernel // stride)}, or upsample x{stride} + conv, or conv + pixelshuffle {stride}"
    return "a kernel that is a multiple of the stride, or upsample + conv, or conv + pixelshuffle"


RULE = Rule(
    code="RF201",
    name="checkerboard",
    summary="a transposed convolution whose kernel is not a multiple of its stride",
    why=(
        "Neighbouring output units are sums over different numbers of kernel taps, so that even constant input and constant "
        "weights give a chequered output. Training can reduce the pattern, but not reliably; it shows in segmentation "
        "borders and in generated images, and in the gradients of strided convolutions for the same reason. Where "
        "the map is only read at its peaks, as in DeeperCut's heads (kernel 3, stride 2, as published), it does little harm."
    ),
    example="input: 16x32x32\nlayers:\n  - upconv: {out: 8, k: 3, s: 2, p: 1, output_padding: 1}\n",
    mend="Choose a kernel that is a multiple of the stride (4 for 2), or interpolate and convolve, or shuffle pixels.",
    reference="Odena, Dumoulin, Olah 2016, Deconvolution and Checkerboard Artifacts, https://distill.pub/2016/deconv-checkerboard",
    find=find,
)
