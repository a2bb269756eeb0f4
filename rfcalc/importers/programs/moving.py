"""Padding, rolling, flipping, repeating and windows along the axes of a program's tensors."""

from __future__ import annotations

from collections.abc import Sequence

from rfcalc.importers.programs.arithmetic import binary
from rfcalc.importers.programs.joining import concat
from rfcalc.importers.programs.layout import CHANNELS, Layout, full, reshape, size_of
from rfcalc.importers.programs.program import Const, Program, Tensor, UnfollowedError
from rfcalc.importers.programs.selection import gather, narrow
from rfcalc.relations.geometry import MOST_TAPS, PaddingMode


def padded(program: Program, tensor: Tensor, pads: Sequence[tuple[int, int]], mode: str) -> Tensor:
    """(before, after) for the last axes of the tensor, the last one last; negative numbers take values away."""
    first = len(tensor.layout) - len(pads)
    if any(n + min(0, a) + min(0, b) < 1 for n, (a, b) in zip(tensor.shape[first:], pads, strict=True)):
        raise UnfollowedError("nothing is left of it")
    if (most := max(map(max, pads), default=0)) > MOST_TAPS:
        raise UnfollowedError(f"padding of {most:,} is beyond the limit of {MOST_TAPS:,}")
    amounts: dict[int, tuple[int, int]] = {}
    for dim, (before, after) in enumerate(pads, first):
        if before < 0 or after < 0:
            size = size_of(tensor.layout[dim])
            tensor = narrow(program, tensor, dim, max(0, -before), size + min(0, before) + min(0, after))
        before, after = max(0, before), max(0, after)
        if not before and not after:
            continue
        axis = tensor.layout[dim]
        home = axis[0].axis if len(axis) == 1 else CHANNELS
        if home > CHANNELS and axis == full(home, program.shape(tensor).size[home - 1]):
            amounts[dim] = (before, after)
        elif mode == "zeros":
            shape = list(tensor.shape)
            sides = [Const((*shape[:dim], n, *shape[dim + 1 :])) for n in (before, after)]
            tensor = concat(program, [sides[0], tensor, sides[1]], dim)
        else:
            n, fold = size_of(axis), PaddingMode(mode)
            index = [fold.index(i, n) for i in range(-before, n + after)]
            tensor = gather(program, tensor, dim, [i or 0 for i in index])
    return _pad(program, tensor, amounts, mode) if amounts else tensor


def _pad(program: Program, tensor: Tensor, amounts: dict[int, tuple[int, int]], mode: str) -> Tensor:
    shape = program.shape(tensor)
    sides = [(0, 0)] * shape.rank
    for dim, amount in amounts.items():
        sides[tensor.layout[dim][0].axis - 1] = amount
    found = program.add("pad", [tensor], padding=tuple(sides), mode=mode)
    grown = program.shape(found).size
    layout = [full(axis[0].axis, grown[axis[0].axis - 1]) if dim in amounts else axis for dim, axis in enumerate(tensor.layout)]
    return Tensor(found.node, tuple(layout))


def rolled(program: Program, tensor: Tensor, moves: dict[int, int]) -> Tensor:
    """Each axis moved in a circle."""
    shape = program.shape(tensor)
    by = [0] * shape.rank
    for dim, move in moves.items():
        axis = tensor.layout[dim]
        if not axis or move % size_of(axis) == 0:
            continue
        home = axis[0].axis
        if home > CHANNELS and axis == full(home, shape.size[home - 1]):
            by[home - 1] = move
        else:
            n = size_of(axis)
            tensor = gather(program, tensor, dim, [(i - move) % n for i in range(n)])
    return program.add("roll", [tensor], tensor.layout, shift=tuple(by)) if any(by) else tensor


def flipped(program: Program, tensor: Tensor, dims: Sequence[int]) -> Tensor:
    """Axes in reverse order."""
    for dim in dims:
        n = size_of(tensor.layout[dim])
        tensor = gather(program, tensor, dim, range(n - 1, -1, -1)) if n > 1 else tensor
    return tensor


def summed(program: Program, tensor: Tensor, dim: int, places: Sequence[int], size: int) -> Tensor:
    """An axis of `size` values, to whose `places` the values of the tensor's axis are added (overlapping frames of a sound): of
    the values that go to a place one is taken after the other, or a zero."""
    sources: list[list[int]] = [[] for _ in range(size)]
    for i, place in enumerate(places):
        sources[place].append(i)
    most = max(map(len, sources))
    if most > MOST_TAPS:
        raise UnfollowedError(f"adds {most:,} values at one place: beyond the limit of {MOST_TAPS:,}")
    if min(map(len, sources)) < most:
        pads = [(0, 1), *[(0, 0)] * (len(tensor.layout) - 1 - dim)]
        tensor = padded(program, tensor, pads, "zeros")
    tables = [[found[k] if k < len(found) else len(places) for found in sources] for k in range(most)]
    found, *more = [gather(program, tensor, dim, table) for table in tables]
    for other in more:
        found = binary(program, "add", found, other)
    return found  # type: ignore[no-any-return]


def windowed(program: Program, tensor: Tensor, dim: int, size: int, step: int) -> Tensor:
    """Windows along a spatial axis; their units become a new last axis."""
    axis, shape = tensor.layout[dim], program.shape(tensor)
    home = axis[0].axis if len(axis) == 1 else CHANNELS
    if home <= CHANNELS or axis != full(home, shape.size[home - 1]):
        count = (size_of(axis) - size) // step + 1
        tensor = gather(program, tensor, dim, [i * step + j for i in range(count) for j in range(size)])
        return Tensor(tensor.node, tensor.layout[:dim] + _windows(tensor.layout[dim:], count, size))
    kernel, stride = ([n if k == home else 1 for k in range(1, shape.rank + 1)] for n in (size, step))
    found = program.add("patches", [tensor], kernel=tuple(kernel), stride=tuple(stride))
    count = program.shape(found).size[home - 1]
    layout = []
    for i, old in enumerate(tensor.layout):
        moved = tuple(f._replace(stride=f.stride * size) if f.axis == CHANNELS else f for f in old)
        layout.append(full(home, count) if i == dim else moved)
    return Tensor(found.node, (*layout, full(CHANNELS, size)))


def _windows(layout: Layout, count: int, size: int) -> Layout:
    """The axes from one on, which holds `count` windows, with the units of a window as a new last axis."""
    outer, inner = reshape(layout[:1], (count, size))
    return (outer, *layout[1:], inner)
