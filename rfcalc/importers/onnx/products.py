"""What ONNX's products of matrices mean."""

from __future__ import annotations

from math import prod
from typing import Any

from rfcalc.importers.onnx.call import MICROSOFT, NodeCall, handles, quantized
from rfcalc.importers.programs import products
from rfcalc.importers.programs.arithmetic import binary
from rfcalc.importers.programs.layout import text
from rfcalc.importers.programs.program import Const, Tensor, UnfollowedError
from rfcalc.importers.programs.views import interleaved, permuted, viewed
from rfcalc.record import replace


@handles("Gemm", learned=(0, 1, 2))
def _gemm(call: NodeCall) -> Tensor:
    first, second, third = (call.get(i) for i in range(3))
    if any(len(side.shape) != 2 for side in (first, second)):
        raise UnfollowedError("its operands are no matrices")
    a, b = (products.turned(side) if call.whole(name) else side for side, name in ((first, "transA"), (second, "transB")))
    if a.shape[1] != b.shape[0]:
        raise UnfollowedError(f"its matrices of {text(a.shape)} and {text(b.shape)} do not go together")
    bias = third if isinstance(third, Const) and third.shape[-1:] == (b.shape[1],) == (prod(third.shape),) else None
    if isinstance(a, Tensor) and isinstance(b, Const):
        found = products.linear(call.program, a, products.turned(b), bias)
        third = None if bias is not None else third
    else:
        found = products.product(call.program, a, b)
    return found if third is None else binary(call.program, "add", found, third)


@handles(f"{MICROSOFT}.QGemm", learned=(3, 6), kept=(1, 2, 4, 5, 7, 8))
def _quantized_gemm(call: NodeCall) -> Tensor:
    """A, its scale and zero point, B, its own, C, and those of the output."""
    kept = [value for i, value in enumerate(call.inputs) if i not in (0, 3, 6)]
    weight = call.const(3, "weight")
    found: Tensor = _gemm(replace(call, inputs=[call.get(0), quantized(weight, kept), call.get(6)]))
    return found


@handles("MatMul", learned=(0, 1))
def _matmul(call: NodeCall) -> Tensor:
    return products.product(call.program, call.get(0), call.get(1))


@handles("MatMulInteger", learned=(0, 1), kept=(2, 3))
@handles("QLinearMatMul", learned=(0, 3), kept=(1, 2, 4, 5, 6, 7))
def _quantized(call: NodeCall) -> Tensor:
    places = (0, 1) if call.name == "MatMulInteger" else (0, 3)
    kept = [value for i, value in enumerate(call.inputs) if i not in places]
    first, second = (quantized(side, kept) if isinstance(side, Const) else side for side in map(call.get, places))
    return products.product(call.program, first, second)


@handles("Einsum", learned=(0, 1, 2))
def _einsum(call: NodeCall) -> Tensor:
    return products.einsum(call.program, call.text("equation").replace(" ", ""), call.inputs)


@handles("Attention", kept=(3,))
def _attention(call: NodeCall) -> Any:
    """Scaled dot product attention of queries, keys, values with heads as an axis (4 axes) or within the last one (3)."""
    if any(call.get(i) is not None for i in (4, 5, 6)):
        raise UnfollowedError("it reads keys and values of an earlier run")
    if 3 in call.reads:
        raise UnfollowedError("its matrix of scores is read")
    query, key, value = (products.laid(call.program, call.get(i)) for i in range(3))
    flat = len(query.layout) == 3
    if flat:
        heads = [call.whole(name) for name in ("q_num_heads", "kv_num_heads", "kv_num_heads")]
        if not all(heads):
            raise UnfollowedError("its number of heads is left out")
        query, key, value = (_by_head(side, n) for side, n in zip((query, key, value), heads, strict=True))
    present = (key, value)
    if key.shape[1] != query.shape[1]:
        key, value = (interleaved(side, query.shape[1] // side.shape[1], 1) for side in (key, value))
    found = products.attend(call.program, query, key, value, [call.get(3)], bool(call.whole("is_causal")))
    if flat:
        batch, count, rows, width = found.shape
        found = viewed(permuted(found, (0, 2, 1, 3)), (batch, rows, count * width))
    return (found, *present)


def _by_head(side: Tensor, heads: int) -> Tensor:
    """(batch, rows, heads * width) as (batch, heads, rows, width)."""
    batch, rows, width = side.shape
    if width % heads:
        raise UnfollowedError(f"{width} numbers do not make {heads} heads")
    return permuted(viewed(side, (batch, rows, heads, width // heads)), (0, 2, 1, 3))
