"""Multiply-accumulates of single ATen operators, from the shapes of what they read."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from rfcalc.importers.torch.in_place import base_name

Sizes = Sequence[tuple[int, ...]]
MATRICES = ("linear", "mm", "matmul", "bmm")
SUMS = ("addmm", "baddbmm", "addbmm")
RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu")
UNTOLD = ("bilinear", "cdist", "_trilinear", "chain_matmul", "tensordot")


def work(node: Any, shapes: Sizes) -> int | None:
    """What one step of a program computes, by the shapes of its operands: products of matrices and convolutions; 0 for what has
    none, as torch's own counter says; None where nobody knows: operators that are not torch's, and rare products."""
    name, value = base_name(node.target), node.meta.get("val")
    first = value[0] if isinstance(value, list | tuple) and value else value
    if not str(node.target).startswith("aten.") or name in UNTOLD or name.startswith("linalg_"):
        return None
    if name in MATRICES and len(shapes) > 1:
        return _numel(first) * shapes[0][-1]
    if name in SUMS and len(shapes) > 2:
        return _numel(first) * shapes[1][-1] * (shapes[1][0] if name == "addbmm" else 1)
    if name.startswith("conv") and len(shapes) > 1:
        transposed = "transpose" in name or (name == "convolution" and node.args[6])
        return (prod(shapes[0]) if transposed else _numel(first)) * prod(shapes[1][1:])
    if name == "scaled_dot_product_attention" and len(shapes) > 2:
        return shapes[1][-2] * (prod(shapes[0]) + _numel(first))
    if name == "einsum":
        return _einsum(node.args[0].replace(" ", ""), shapes)
    return _recurrent(node, shapes) if name in RECURRENT else 0


def _numel(value: Any) -> int:
    return int(value.numel())


def _einsum(equation: str, shapes: Sizes) -> int | None:
    """The product of all labels' sizes; with more than two operands the order of the products matters."""
    sides = equation.partition("->")[0].split(",")
    if len(sides) != 2 or "." in equation:
        return 0 if len(sides) == 1 else None
    return prod(
        {label: n for side, shape in zip(sides, shapes, strict=True) for label, n in zip(side, shape, strict=True)}.values()
    )


def _recurrent(node: Any, shapes: Sizes) -> int | None:
    """Each step multiplies with every matrix once; the input is (batch, steps, features) or (steps, batch, features)."""
    if len(shapes[0]) < 2:
        return None
    return prod(shapes[0][:-1]) * sum(prod(shape) for shape in shapes if len(shape) == 2)
