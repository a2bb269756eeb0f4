"""Selecting along the axes of a program's tensors: slices, splits, lists of indices."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from rfcalc.importers.programs.axes import unified
from rfcalc.importers.programs.layout import BATCH, REPEATED, Axis, Factor, Layout, merged, of_axis, reshape, size_of
from rfcalc.importers.programs.program import Const, Program, Tensor, UnfollowedError


def narrow(program: Program, tensor: Tensor, dim: int, start: int, count: int, step: int = 1) -> Any:
    """`count` of the values of an axis, from `start` on in steps of `step`; a constant if there are none."""
    axis = tensor.layout[dim]
    if count == size_of(axis) and step == 1:
        return tensor
    if count == 0:
        return Const((*tensor.shape[:dim], 0, *tensor.shape[dim + 1 :]))
    if not axis:
        raise UnfollowedError(f"takes {count} values of an axis of 1")
    inner = prod(f.size for f in axis[1:])
    if len(axis) > 1 and (start % inner or count % inner or step != 1):
        return narrow(program, unified(program, tensor, dim), dim, start, count, step)
    factor, start, count = axis[0], start // inner, count // inner
    if factor.axis == BATCH:
        raise UnfollowedError("slices the batch")
    kept = Factor(factor.axis, factor.stride, count)
    if factor.axis == REPEATED:
        return Tensor(tensor.node, with_axis(tensor.layout, dim, (kept, *axis[1:])))
    digits = of_axis(tensor.layout, factor.axis)
    values = range(start, start + (count - 1) * step + 1, step)
    found = _take(program, tensor, digits, factor, values)
    return Tensor(found.node, renumbered(with_axis(tensor.layout, dim, (kept, *axis[1:])), digits, factor, count))


def _take(program: Program, tensor: Tensor, digits: Sequence[Factor], factor: Factor, values: Sequence[int]) -> Tensor:
    """The layer that keeps those units of an axis of which one digit has one of the values."""
    index = [0]
    for digit in digits:
        offsets = [value * digit.stride for value in (values if digit == factor else range(digit.size))]
        index = [at + offset for at in index for offset in offsets]
    steps = {b - a for a, b in zip(index, index[1:], strict=False)} or {1}
    if len(steps) == 1 and min(steps) > 0:
        return program.add("take", [tensor], axis=factor.axis, start=index[0], count=len(index), step=steps.pop())
    return program.add("take", [tensor], axis=factor.axis, index=tuple(index))


def with_axis(layout: Layout, dim: int, axis: Axis) -> Layout:
    return (*layout[:dim], axis, *layout[dim + 1 :])


def renumbered(layout: Layout, digits: Sequence[Factor], changed: Factor, count: int) -> Layout:
    """The layout with the strides that an axis has once one of its digits has only `count` values."""
    places, stride = {}, 1
    for digit in reversed(digits):
        size = count if digit == changed else digit.size
        key = Factor(changed.axis, changed.stride, count) if digit == changed else digit
        places[key] = Factor(digit.axis, stride, size)
        stride *= size
    return tuple(merged(places.get(f, f) for f in axis) for axis in layout)


def select(program: Program, tensor: Tensor, dim: int, index: int) -> Tensor:
    """One value of an axis; the axis goes."""
    size = size_of(tensor.layout[dim])
    found = narrow(program, tensor, dim, index % size, 1)
    return Tensor(found.node, (*found.layout[:dim], *found.layout[dim + 1 :]))


def sliced(program: Program, tensor: Tensor, dim: int, taken: range, from_the_end: bool = False) -> Any:
    """The values of an axis at regular places, in rising or falling order; a constant if there are none. `from_the_end`: the
    stop is counted from there, so that a longer axis gives more of them."""
    axis, shape = tensor.layout[dim], program.builder.nodes[tensor.node].shape
    whole = len(axis) == 1 and axis[0].axis > 0 and axis[0].size == shape.size[axis[0].axis - 1]
    if from_the_end and whole and taken.step == 1 and 0 < len(taken) < axis[0].size:
        margin = [(0, 0)] * shape.rank
        margin[axis[0].axis - 1] = (taken.start, axis[0].size - taken.stop)
        found = program.add("crop", [tensor], margin=tuple(margin))
        return Tensor(found.node, with_axis(tensor.layout, dim, (Factor(axis[0].axis, axis[0].stride, len(taken)),)))
    if taken.step < 0 and len(taken) > 1:
        return gather(program, tensor, dim, taken)
    return narrow(program, tensor, dim, taken.start, len(taken), max(1, taken.step))


def picked(program: Program, tensor: Tensor, dim: int, shape: Sequence[int], index: Sequence[int]) -> Tensor:
    """The values of an axis at a table of places; the table's axes take the place of the axis."""
    size = size_of(tensor.layout[dim])
    if not index or min(index) < -size or max(index) >= size:
        raise UnfollowedError(f"its index is not in an axis of {size}")
    if not shape:
        return select(program, tensor, dim, index[0])
    found: Tensor = gather(program, tensor, dim, [i % size for i in index])
    return Tensor(found.node, reshape(found.layout, (*found.shape[:dim], *shape, *found.shape[dim + 1 :])))


def alike(size: int, each: int) -> list[int]:
    """The sizes of parts of `each` values; the last one may be shorter."""
    return [min(each, size - start) for start in range(0, size, each)]


def chunks(program: Program, tensor: Tensor, dim: int, sizes: Sequence[int]) -> tuple[Tensor, ...]:
    """Consecutive parts of an axis."""
    if sum(sizes) != size_of(tensor.layout[dim]) or min(sizes, default=-1) < 0:
        raise UnfollowedError(f"its parts {list(sizes)[:12]} do not make {size_of(tensor.layout[dim])}")
    parts, start = [], 0
    for size in sizes:
        parts.append(narrow(program, tensor, dim, start, size))
        start += size
    return tuple(parts)


def gather(program: Program, tensor: Tensor, dim: int, index: Sequence[int]) -> Any:
    """The listed values of an axis."""
    axis = tensor.layout[dim]
    if all(f.axis == REPEATED for f in axis):
        return Tensor(tensor.node, with_axis(tensor.layout, dim, (Factor(REPEATED, 0, len(index)),)))
    steps = {b - a for a, b in zip(index, index[1:], strict=False)}
    if len(steps) < 2 and (not steps or min(steps) > 0):
        return narrow(program, tensor, dim, index[0], len(index), steps.pop() if steps else 1)
    if len(axis) > 1 or axis[0].axis < 0:
        return gather(program, unified(program, tensor, dim), dim, index)
    digits = of_axis(tensor.layout, axis[0].axis)
    found = _take(program, tensor, digits, axis[0], index)
    kept = Factor(axis[0].axis, axis[0].stride, len(index))
    return Tensor(found.node, renumbered(with_axis(tensor.layout, dim, (kept,)), digits, axis[0], len(index)))
