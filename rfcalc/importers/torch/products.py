"""ATen operators that multiply matrices: linear layers, products, attention."""

from __future__ import annotations

from rfcalc.importers.programs import products
from rfcalc.importers.programs.arithmetic import binary
from rfcalc.importers.programs.program import Const, Tensor
from rfcalc.importers.programs.views import interleaved
from rfcalc.importers.torch.call import Call, handles


@handles("linear")
def _linear(call: Call) -> Tensor:
    return products.linear(call.program, call.tensor(), call.const("weight"), call.optional("bias"))


@handles("matmul", "mm", "bmm", "mv", "dot")
def _matmul(call: Call) -> Tensor:
    second = next(call.arguments[name] for name in ("other", "mat2", "vec", "tensor") if name in call.arguments)
    return products.product(call.program, call.x, second)


@handles("addmm", "baddbmm", "addbmm")
def _addmm(call: Call) -> Tensor:
    first, second = (call[f"mat{i}"] if f"mat{i}" in call.arguments else call[f"batch{i}"] for i in (1, 2))
    found = products.product(call.program, first, second)
    if isinstance(call.x, Const) and not call.x.stored and 1 in call.x.shape:
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
    query, key, value = (products.laid(call.program, call[name]) for name in ("query", "key", "value"))
    if call["enable_gqa"] and key.shape[-3] != query.shape[-3]:
        key, value = (interleaved(o, query.shape[-3] // o.shape[-3], len(o.layout) - 3) for o in (key, value))
    return products.attend(call.program, query, key, value, [call.get("attn_mask")], bool(call["is_causal"]))
