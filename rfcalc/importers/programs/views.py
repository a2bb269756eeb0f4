"""Views of a program's tensors: other axes of the same layer, which add none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rfcalc.importers.programs.layout import REPEATED, Axis, Factor, reshape, size_of
from rfcalc.importers.programs.program import Const, Tensor, UnfollowedError
from rfcalc.importers.programs.selection import with_axis


def viewed(tensor: Tensor, shape: Sequence[int]) -> Tensor:
    """The tensor in another shape of as many numbers."""
    return Tensor(tensor.node, reshape(tensor.layout, shape))


def permuted(tensor: Tensor, order: Sequence[int]) -> Tensor:
    """The tensor with its axes in another order: axis `order[i]` becomes axis i."""
    return Tensor(tensor.node, tuple(tensor.layout[i] for i in order))


def swapped(tensor: Tensor, first: int, second: int) -> Tensor:
    """The tensor with two axes swapped."""
    order = list(range(len(tensor.layout)))
    order[first], order[second] = order[second], order[first]
    return permuted(tensor, order)


def expanded(tensor: Tensor, shape: Sequence[int]) -> Tensor:
    """The tensor, repeated along axes of size 1 (-1: as it is); no layer is added."""
    layout = ((),) * (len(shape) - len(tensor.layout)) + tensor.layout
    found: list[Axis] = []
    for axis, n in zip(layout, shape, strict=True):
        size = size_of(axis)
        if n not in (-1, size) and size != 1:
            raise UnfollowedError(f"an axis of {size} cannot be expanded to {n}")
        found.append(axis if n in (-1, size) else (Factor(REPEATED, 0, n),))
    return Tensor(tensor.node, tuple(found))


def widened(part: Any, dim: int) -> Any:
    """A tensor or constant with a new axis of size 1 before an axis."""
    if isinstance(part, Const):
        return Const((*part.shape[:dim], 1, *part.shape[dim:]), part.stored, part.made)
    return Tensor(part.node, (*part.layout[:dim], (), *part.layout[dim:]))


def tiled(tensor: Tensor, counts: Sequence[int]) -> Tensor:
    """The tensor repeated along each axis; no layer is added."""
    layout = ((),) * (len(counts) - len(tensor.layout)) + tensor.layout
    repeated = [((Factor(REPEATED, 0, n),) if n > 1 else ()) + axis for axis, n in zip(layout, counts, strict=True)]
    return Tensor(tensor.node, tuple(repeated))


def interleaved(tensor: Tensor, count: int, dim: int) -> Tensor:
    """Each value of an axis `count` times; no layer is added."""
    axis = (*tensor.layout[dim], *((Factor(REPEATED, 0, count),) if count > 1 else ()))
    return Tensor(tensor.node, with_axis(tensor.layout, dim, axis))
