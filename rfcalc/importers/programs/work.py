"""Multiply-accumulates of single steps, from the shapes of what they read and give, for any kind of program."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

Sizes = Sequence[int]


def matrices(out: Sizes, first: Sizes) -> int:
    """A product of matrices, whose first operand has the summed axis last."""
    return prod(out) * first[-1]


def convolution(out: Sizes, weight: Sizes) -> int:
    """A convolution; the weight has the shape (out, in / groups, kernel...)."""
    return prod(out) * prod(weight[1:])


def transposed(first: Sizes, weight: Sizes) -> int:
    """A transposed convolution; the weight has the shape (in, out / groups, kernel...)."""
    return prod(first) * prod(weight[1:])


def attention(out: Sizes, query: Sizes, key: Sizes) -> int:
    """Scaled dot product attention: each query with each key, and the weights with the values."""
    return key[-2] * (prod(query) + prod(out))


def einsum(equation: str, shapes: Sequence[Sizes]) -> int | None:
    """The product of all labels' sizes; with more than two operands the order of the products matters."""
    sides = equation.partition("->")[0].split(",")
    if len(sides) != 2 or "." in equation:
        return 0 if len(sides) == 1 else None
    return prod(
        {label: n for side, shape in zip(sides, shapes, strict=True) for label, n in zip(side, shape, strict=True)}.values()
    )
