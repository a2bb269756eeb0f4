"""Multiply-accumulates of single ONNX operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from rfcalc.importers.programs import work as counted
from rfcalc.importers.programs.program import Const, Tensor

Sizes = Sequence[tuple[int, ...] | None]
MATRICES = ("MatMul", "MatMulInteger")
RECURRENT = ("LSTM", "GRU", "RNN")
# Products that nobody has written down here.
UNTOLD = frozenset(
    ("QLinearMatMul", "QLinearConv", "ConvInteger", "DeformConv", "Det", "DFT", "STFT", "Attention", "Loop", "Scan")
)


def work(op: str, operands: Sequence[Any], shapes: Callable[[], Sizes], attributes: Mapping[str, Any]) -> int | None:
    """What an operator of ONNX's own computes in products of matrices and convolutions; 0 for one that has none, None where
    that is not known."""
    given = [value.shape for value in operands if isinstance(value, Tensor | Const)]
    if op in UNTOLD:
        return None
    if op == "Einsum":
        return counted.einsum(attributes["equation"].decode().replace(" ", ""), given)
    if op == "ConvTranspose" and len(given) > 1:
        return counted.transposed(given[0], given[1])
    if op in RECURRENT and len(given) > 2:
        steps, batch = given[0][:2]
        return steps * batch * (prod(given[1]) + prod(given[2]))
    if op not in (*MATRICES, "Gemm", "Conv"):
        return 0
    out = next(iter(shapes()), None)
    if out is None or len(given) < 2:
        return None
    if op == "Gemm":
        return prod(out) * given[0][0 if attributes.get("transA") else 1]
    return counted.convolution(out, given[1]) if op == "Conv" else counted.matrices(out, given[0])
