"""Multiply-accumulates of single ATen operators, from the shapes of what they read."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from rfcalc.importers.programs import work as counted
from rfcalc.importers.torch import unfollowed
from rfcalc.importers.torch.in_place import base_name, operator_name

Sizes = Sequence[tuple[int, ...]]
MATRICES = ("linear", "mm", "matmul", "bmm")
SUMS = ("addmm", "baddbmm", "addbmm")
RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu")
NORMS = ("batch_norm", "layer_norm", "group_norm", "instance_norm")
DEFORMABLE = ("deform_conv2d", "deform_conv")  # they multiply as convolutions do
LENGTHS = ("linalg_vector_norm", "linalg_norm", "linalg_cross", "linalg_diagonal")  # they multiply no matrices
UNTOLD = ("bilinear", "cdist", "_trilinear", "chain_matmul", "tensordot")


def work(node: Any, shapes: Sizes) -> int | None:
    """What one step of a program computes, by the shapes of its operands: products of matrices and convolutions; 0 for what has
    none, as torch's own counter says; None where nobody knows: operators that are not torch's, and rare products."""
    name, value = base_name(node.target), node.meta.get("val")
    first = value[0] if isinstance(value, list | tuple) and value else value
    out = tuple(getattr(first, "shape", ()))
    known = unfollowed.find(operator_name(node.target))
    if known is not None and operator_name(node.target) in DEFORMABLE:
        weight = _argument(node, "weight")
        return None if weight is None else counted.convolution(out, tuple(weight.shape))
    if not str(node.target).startswith("aten.") or name in UNTOLD or (name.startswith("linalg_") and name not in LENGTHS):
        return None
    if known is not None and not known.counted:
        return None
    if name in MATRICES and len(shapes) > 1:
        return counted.matrices(out, shapes[0])
    if name in SUMS and len(shapes) > 2:
        return counted.matrices(out, shapes[1]) * (shapes[1][0] if name == "addbmm" else 1)
    if name.startswith("conv") and len(shapes) > 1:
        turned = "transpose" in name or (name == "convolution" and node.args[6])
        return counted.transposed(shapes[0], shapes[1]) if turned else counted.convolution(out, shapes[1])
    if name == "scaled_dot_product_attention" and len(shapes) > 2:
        return counted.attention(out, shapes[0], shapes[1])
    if name == "einsum":
        return counted.einsum(node.args[0].replace(" ", ""), shapes)
    return _recurrent(node, shapes) if name in RECURRENT else 0


def computed(node: Any) -> tuple[tuple[str, int], ...]:
    """Kinds and counts of the elements that a step computes from stored numbers alone; none of a view."""
    schema, value = getattr(node.target, "_schema", None), node.meta.get("val")
    given = value if isinstance(value, list | tuple) else [value]
    sizes = [prod(tensor.shape) for tensor in given if hasattr(tensor, "shape")]
    if schema is None or not sizes or any(out.alias_info and not out.alias_info.is_write for out in schema.returns):
        return ()
    if base_name(node.target) in NORMS:
        return (("standardized" if _argument(node, "weight") is not None else "standardized_plain", sizes[0]),)
    return (("computed", sum(sizes)),)


def _recurrent(node: Any, shapes: Sizes) -> int | None:
    """Each step multiplies with every matrix once; the input is (batch, steps, features) or (steps, batch, features)."""
    if len(shapes[0]) < 2:
        return None
    return prod(shapes[0][:-1]) * sum(prod(shape) for shape in shapes if len(shape) == 2)


def _argument(node: Any, name: str) -> Any:
    """The tensor that an operator is called with by a name of its schema; None where it has none."""
    names = [argument.name for argument in node.target._schema.arguments]
    found = node.kwargs.get(name, node.args[names.index(name)] if name in names[: len(node.args)] else None)
    return None if found is None else found.meta.get("val")
