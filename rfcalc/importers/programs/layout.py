"""Where the axes of a program's tensor lie in a layer of the graph: the algebra of views.

A tensor's axis is a list of factors, most significant first. A factor is a digit of one axis of the layer: `size` values, each
`stride` units apart. Reshaping splits and merges factors, permuting moves them; no number moves, so no layer is added. In
each layer the factors of an axis tile it exactly. An axis of size 1 has no factors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import NamedTuple

from rfcalc.errors import RuleError
from rfcalc.relations.shape import Shape

CHANNELS, BATCH, REPEATED = 0, -1, -2


class Factor(NamedTuple):
    """A digit of an axis of a layer: 0 the channels, 1 the first spatial axis; BATCH; or REPEATED (each value the same)."""

    axis: int
    stride: int
    size: int


Axis = tuple[Factor, ...]
Layout = tuple[Axis, ...]


def size_of(axis: Axis) -> int:
    """How many values an axis has."""
    return prod(factor.size for factor in axis)


def sizes_of(layout: Layout) -> tuple[int, ...]:
    """The tensor's shape."""
    return tuple(map(size_of, layout))


def full(axis: int, size: int) -> Axis:
    """A whole axis of a layer."""
    return (Factor(axis, 1, size),) if size > 1 else ()


def standard(shape: Shape, batch: int = 1) -> Layout:
    """Batch, channels, spatial axes."""
    return (full(BATCH, batch), full(CHANNELS, shape.channels), *(full(k, n) for k, n in enumerate(shape.size, 1)))


def merged(factors: Iterable[Factor]) -> Axis:
    """The same axis with neighbouring factors joined where they are digits next to each other."""
    joined_factors: list[Factor] = []
    for factor in factors:
        last = joined_factors[-1] if joined_factors else None
        if last and last.axis == factor.axis and last.stride == factor.stride * factor.size:
            joined_factors[-1] = Factor(last.axis, factor.stride, last.size * factor.size)
        elif factor.size > 1:
            joined_factors.append(factor)
    return tuple(joined_factors)


def reshape(layout: Layout, shape: Sequence[int]) -> Layout:
    """The layout after a reshape; raises RuleError where an axis would mix parts of others."""
    if prod(shape) != prod(sizes_of(layout)):
        raise RuleError(f"{text(sizes_of(layout))} cannot be reshaped to {text(shape)}")
    left = list(reversed(merged(factor for axis in layout for factor in axis)))
    new_axes = []
    for size in shape:
        taken: list[Factor] = []
        while size > 1:
            factor = left.pop()
            if size % factor.size == 0:
                taken.append(factor)
                size //= factor.size
                continue
            if factor.size % size:
                raise RuleError(f"the reshape of {text(sizes_of(layout))} to {text(shape)} mixes axes")
            inner = factor.size // size
            taken.append(Factor(factor.axis, factor.stride * inner, size))
            left.append(Factor(factor.axis, factor.stride, inner))
            size = 1
        new_axes.append(merged(taken))
    return tuple(new_axes)


def split(axis: Axis, sizes: Sequence[int]) -> Axis:
    """The axis in factors of the given sizes; raises RuleError where they do not fit."""
    return tuple(factor for part in reshape((axis,), sizes) for factor in part)


def common(first: Axis, second: Axis) -> tuple[Axis, Axis]:
    """Two axes of equal size in factors of equal sizes; raises RuleError where their digits do not fit together."""
    a, b = [f.size for f in first], [f.size for f in second]
    sizes: list[int] = []
    while a and b:
        x, y = a.pop(), b.pop()
        if x == y:
            sizes.append(x)
        elif y % x == 0:
            sizes.append(x)
            b.append(y // x)
        elif x % y == 0:
            sizes.append(y)
            a.append(x // y)
        else:
            raise RuleError("two tensors meet whose axes are split differently")
    sizes.reverse()
    return _cut(first, sizes), _cut(second, sizes)


def _cut(axis: Axis, sizes: Sequence[int]) -> Axis:
    """The axis in factors of exactly these sizes, not merged."""
    left, parts = list(reversed(axis)), []
    for size in sizes:
        factor = left.pop()
        inner = factor.size // size
        parts.append(Factor(factor.axis, factor.stride * inner if factor.axis != REPEATED else 0, size))
        if inner > 1:
            left.append(Factor(factor.axis, factor.stride, inner))
    return tuple(parts)


def of_axis(layout: Layout, axis: int) -> list[Factor]:
    """The factors of one axis of the layer, most significant first."""
    return sorted((f for part in layout for f in part if f.axis == axis), key=lambda f: -f.stride)


def text(shape: Sequence[int]) -> str:
    """A shape as people write it."""
    return "x".join(map(str, shape)) or "a number"
