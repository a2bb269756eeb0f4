"""ATen operators that multiply matrices: linear layers, products, attention."""

from __future__ import annotations

from math import prod
from typing import Any

from rfcalc.importers.programs import moving, products
from rfcalc.importers.programs.arithmetic import binary
from rfcalc.importers.programs.program import Const, Program, Tensor, UnfollowedError
from rfcalc.importers.torch.call import Call, handles, tensor_of


@handles("linear")
def _linear(call: Call) -> Tensor:
    if isinstance(call["weight"], Tensor):
        raise UnfollowedError("its weight depends on the input")
    return products.linear(call.program, tensor_of(call.x), call["weight"], call["bias"])


@handles("matmul", "mm", "bmm", "mv", "dot")
def _matmul(call: Call) -> Tensor:
    first, second = call.x, next(call.arguments[k] for k in ("other", "mat2", "vec", "tensor") if k in call.arguments)
    return products.product(call.program, first, second)


@handles("addmm", "baddbmm", "addbmm")
def _addmm(call: Call) -> Tensor:
    first = call["mat1"] if "mat1" in call.arguments else call["batch1"]
    second = call["mat2"] if "mat2" in call.arguments else call["batch2"]
    found = products.product(call.program, first, second)
    if call["beta"] == 0 or (isinstance(call.x, Const) and not call.x.stored and 1 in call.x.shape):
        return found
    return binary(call.program, "add", found, call.x)


@handles("einsum")
def _einsum(call: Call) -> Tensor:
    return products.einsum(call.program, call["equation"].replace(" ", ""), call["tensors"])


@handles("tensordot")
def _tensordot(call: Call) -> Tensor:
    operands = [call["self"], call["other"]]
    joined = [
        [d % len(o.shape) for d in dims] for o, dims in zip(operands, (call["dims_self"], call["dims_other"]), strict=True)
    ]
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    first = [next(letters) for _ in operands[0].shape]
    second = [next(letters) for _ in operands[1].shape]
    for a, b in zip(*joined, strict=True):
        second[b] = first[a]
    out = [label for label in first + second if (first + second).count(label) == 1]
    return products.einsum(call.program, f"{''.join(first)},{''.join(second)}->{''.join(out)}", operands)


@handles("scaled_dot_product_attention")
def _attention(call: Call) -> Tensor:
    query, key, value = (call[name] for name in ("query", "key", "value"))
    if isinstance(call["attn_mask"], Tensor):
        raise UnfollowedError("its mask depends on the input")
    if not all(isinstance(operand, Tensor) for operand in (query, key, value)):
        query, key, value = (_laid(call.program, o, query, key) for o in (query, key, value))
    if call["enable_gqa"] and key.shape[-3] != query.shape[-3]:
        key, value = (moving.interleaved(o, query.shape[-3] // o.shape[-3], len(o.layout) - 3) for o in (key, value))
    return products.attend(call.program, query, key, value, [call["attn_mask"]])


def _laid(program: Program, operand: Any, *others: Any) -> Tensor:
    """A stored operand of attention (learned queries) as a layer."""
    if isinstance(operand, Tensor):
        return operand
    *lead, count, depth = operand.shape
    from rfcalc.importers.programs.layout import CHANNELS, Factor, full, merged
    from rfcalc.layers.words import make

    claim = program.claim([operand])
    heads = prod(lead)
    op = make("constant", out=heads * depth, size=(count,), params=claim.params, buffers=claim.buffers)
    node = program.emit(op, [], None, claim).node
    stride, axes = heads * depth, []
    for n in lead:
        stride //= n
        axes.append(merged([Factor(CHANNELS, stride, n)]))
    return Tensor(node, (*axes, full(1, count), full(CHANNELS, depth)))
