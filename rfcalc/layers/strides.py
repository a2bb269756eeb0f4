"""Where torch's views need a copy: numbers lie in memory in order, and a reshape of moved axes is a view if it can be."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

Strides = tuple[int, ...]


def packed(sizes: Sequence[int]) -> Strides:
    """The strides of numbers that lie in order."""
    return tuple(reversed(list(accumulate(reversed(sizes[1:]), lambda a, b: a * b, initial=1)))) if sizes else ()


def in_order(sizes: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether the numbers lie in order; axes of one number do not count."""
    axes = [(n, stride) for n, stride in zip(sizes, strides, strict=True) if n > 1]
    return tuple(stride for _, stride in axes) == packed([n for n, _ in axes])


def narrowed(sizes: Sequence[int], out: Sequence[int], step: Sequence[int] = ()) -> bool:
    """Whether numbers that are left of a tensor in order, each `step`th of an axis, no longer lie in order."""
    strides = zip(packed(sizes), step or [1] * len(sizes), strict=True)
    return not in_order(out, [stride * by for stride, by in strides])


def moved(sizes: Sequence[int], order: Sequence[int], out: Sequence[int]) -> Strides | None:
    """Strides of a tensor in order whose axes were put into `order` and then reshaped to `out`; None if that is a copy."""
    strides = packed(sizes)
    return viewed([sizes[i] for i in order], [strides[i] for i in order], out)


def viewed(sizes: Sequence[int], strides: Sequence[int], out: Sequence[int]) -> Strides | None:
    """The strides of a view of other sizes, without axes of one number; None if there is no such view. Runs of axes that lie
    in order among themselves are cut anew, as in torch's computeStride."""
    runs: list[list[int]] = []  # numbers, and the stride of the last axis
    for n, stride in zip(sizes, strides, strict=True):
        if n == 1:
            continue
        if runs and runs[-1][1] == n * stride:
            runs[-1] = [runs[-1][0] * n, stride]
        else:
            runs.append([n, stride])
    found: list[int] = []
    for n in reversed([n for n in out if n > 1]):
        if not runs or runs[-1][0] % n:
            return None
        found.append(runs[-1][1])
        runs[-1] = [runs[-1][0] // n, runs[-1][1] * n]
        if runs[-1][0] == 1:
            runs.pop()
    return tuple(reversed(found))
