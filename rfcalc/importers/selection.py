"""Selecting and joining along the axes of a program's tensors: slices, splits, concatenation, padding, rolling, repeating."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any

from rfcalc.geometry import Fold
from rfcalc.importers.axes import arranged, solid, unified
from rfcalc.importers.layout import BATCH, CHANNELS, REPEATED, Axis, Factor, Layout, full, merged, of_axis, reshape, size_of
from rfcalc.importers.program import Const, Program, Tensor, UnfollowedError
from rfcalc.ops import make


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
        return Tensor(tensor.node, _with(tensor.layout, dim, (kept, *axis[1:])))
    digits = of_axis(tensor.layout, factor.axis)
    values = range(start, start + (count - 1) * step + 1, step)
    found = _take(program, tensor, digits, factor, values)
    return Tensor(found.node, _renumbered(_with(tensor.layout, dim, (kept, *axis[1:])), digits, factor, count))


def _take(program: Program, tensor: Tensor, digits: Sequence[Factor], factor: Factor, values: Sequence[int]) -> Tensor:
    """The layer that keeps those units of an axis of which one digit has one of the values."""
    choices = [[v * d.stride for v in (values if d == factor else range(d.size))] for d in digits]
    index = tuple(sum(parts) for parts in product(*choices))
    steps = {b - a for a, b in zip(index, index[1:], strict=False)} or {1}
    if len(steps) == 1 and min(steps) > 0:
        return program.add("take", [tensor], axis=factor.axis, start=index[0], count=len(index), step=steps.pop())
    return program.add("take", [tensor], axis=factor.axis, index=index)


def _with(layout: Layout, dim: int, axis: Axis) -> Layout:
    return (*layout[:dim], axis, *layout[dim + 1 :])


def _renumbered(layout: Layout, digits: Sequence[Factor], changed: Factor, count: int) -> Layout:
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


def chunks(program: Program, tensor: Tensor, dim: int, sizes: Sequence[int]) -> tuple[Tensor, ...]:
    """Consecutive parts of an axis."""
    found, start = [], 0
    for size in sizes:
        found.append(narrow(program, tensor, dim, start, size))
        start += size
    return tuple(found)


def gather(program: Program, tensor: Tensor, dim: int, index: Sequence[int]) -> Any:
    """The listed values of an axis."""
    axis = tensor.layout[dim]
    if all(f.axis == REPEATED for f in axis):
        return Tensor(tensor.node, _with(tensor.layout, dim, (Factor(REPEATED, 0, len(index)),)))
    steps = {b - a for a, b in zip(index, index[1:], strict=False)}
    if len(steps) < 2 and (not steps or min(steps) > 0):
        return narrow(program, tensor, dim, index[0], len(index), steps.pop() if steps else 1)
    if len(axis) > 1 or axis[0].axis < 0:
        return gather(program, unified(program, tensor, dim), dim, index)
    digits = of_axis(tensor.layout, axis[0].axis)
    found = _take(program, tensor, digits, axis[0], index)
    kept = Factor(axis[0].axis, axis[0].stride, len(index))
    return Tensor(found.node, _renumbered(_with(tensor.layout, dim, (kept,)), digits, axis[0], len(index)))


def concat(program: Program, parts: Sequence[Any], dim: int) -> Tensor:
    """Parts one after the other along an axis; constants among them become layers that read nothing."""
    parts = [part for part in parts if not isinstance(part, Const) or 0 not in part.shape]
    like = next(part for part in parts if isinstance(part, Tensor))
    if len(parts) == 1:
        return like
    kinds = {f.axis for part in parts if isinstance(part, Tensor) for f in part.layout[dim]}
    if BATCH in kinds:
        raise UnfollowedError("joins along the batch")
    spatial = {kind for kind in kinds if kind > CHANNELS}
    if not spatial:
        return _along_channels(program, parts, dim)
    tensors = [part for part in parts if isinstance(part, Tensor)]
    if len(spatial) == 1 and _same_axis(program, tensors, dim, next(iter(spatial))):
        axis = next(iter(spatial))
        solids = [part if isinstance(part, Tensor) else _stored(program, part, like, dim) for part in parts]
        joined = program.add("join", solids, axis=axis)
        return Tensor(joined.node, _with(like.layout, dim, full(axis, sum(size_of(p.layout[dim]) for p in solids))))
    return _tokens(program, parts, like, dim)


def _same_axis(program: Program, tensors: Sequence[Tensor], dim: int, axis: int) -> bool:
    """True if the tensors differ along one whole spatial axis of their layers only."""
    rests = {(t.layout[:dim], t.layout[dim + 1 :], program.shape(t).rank) for t in tensors}
    return len(rests) == 1 and all(t.layout[dim] == full(axis, program.shape(t).size[axis - 1]) for t in tensors)


def _along_channels(program: Program, parts: Sequence[Any], dim: int) -> Tensor:
    """Channels one after the other; digits of other axes that are channels too become the less significant ones."""
    tensors = [part for part in parts if isinstance(part, Tensor)]
    base = max(
        tensors, key=lambda part: (REPEATED not in {f.axis for axis in part.layout for f in axis}, program.shape(part).rank)
    )
    base, rank = solid(program, base), program.shape(base).rank
    parts = [part if isinstance(part, Tensor) else _stored(program, part, base, dim) for part in parts]
    rest = [f for i, axis in enumerate(base.layout) if i != dim for f in axis if f.axis == CHANNELS]
    inner = prod(f.size for f in rest)
    layers = []
    for part in parts:
        axes = [merged([*part.layout[dim], *(_match(part, base, f, dim) for f in rest)])]
        axes += [merged(_match(part, base, f, dim) for f in of_axis(base.layout, k)) for k in range(1, rank + 1)]
        layers.append(arranged(program, part, axes))
    found = program.add("concat", layers)
    places, stride = {}, inner
    for factor in rest:
        stride //= factor.size
        places[factor] = Factor(CHANNELS, stride, factor.size)
    total = sum(size_of(part.layout[dim]) for part in parts)
    layout = tuple(
        (Factor(CHANNELS, inner, total),) if i == dim else merged(places.get(f, f) for f in axis)
        for i, axis in enumerate(base.layout)
    )
    return Tensor(found.node, tuple(merged(axis) for axis in layout))


def _match(part: Tensor, base: Tensor, factor: Factor, dim: int) -> Factor:
    """The factor of one tensor that corresponds to a factor of another one of the same shape but for one axis."""
    for i, (mine, theirs) in enumerate(zip(part.layout, base.layout, strict=True)):
        if i != dim and factor in theirs:
            if len(mine) != len(theirs) or [f.size for f in mine] != [f.size for f in theirs]:
                raise UnfollowedError("two tensors are joined whose axes are split differently")
            return mine[theirs.index(factor)]
    raise UnfollowedError("two tensors are joined whose axes are split differently")


def _tokens(program: Program, parts: Sequence[Any], like: Tensor, dim: int) -> Tensor:
    """Positions of several maps in one row of tokens; constants that come first are learned tokens."""
    first = parts[0] if isinstance(parts[0], Const) else None
    tensors = [part for part in parts if isinstance(part, Tensor)]
    if len(tensors) + (first is not None) < len(parts):
        raise UnfollowedError("a constant is joined after positions of a map")
    rows = []
    for part in tensors:
        shape = program.shape(part)
        positions = merged(f for k, n in enumerate(shape.size, 1) for f in full(k, n))
        others = [f for i, axis in enumerate(part.layout) if i != dim for f in axis if f.axis != BATCH]
        if part.layout[dim] != positions or merged(others) != full(CHANNELS, shape.channels):
            part = arranged(program, part, [merged(others), part.layout[dim]])
        rows.append(part)
    claim = program.claim([first])
    found = program.emit(make("tokens", learned=first.shape[dim] if first else 0), rows, None, claim)
    shape = program.shape(found)
    layout, stride = [], shape.channels
    for i, axis in enumerate(like.layout):
        if i == dim:
            layout.append(full(1, shape.size[0]))
        elif all(f.axis == BATCH for f in axis):
            layout.append(axis)
        else:
            stride //= size_of(axis)
            layout.append((Factor(CHANNELS, stride, size_of(axis)),))
    return Tensor(found.node, tuple(layout))


def _stored(program: Program, const: Const, like: Tensor, dim: int) -> Tensor:
    """A constant as a layer that reads nothing, laid out as another tensor."""
    claim = program.claim([const])
    shape = program.shape(like)
    axis = like.layout[dim]
    home = axis[0].axis if axis else CHANNELS
    count = const.shape[dim]
    sizes = [shape.channels, *shape.size]
    sizes[home] = sizes[home] // size_of(axis) * count
    op = make("constant", out=sizes[0], size=tuple(sizes[1:]), params=claim.params, buffers=claim.buffers)
    found = program.emit(op, [], None, claim)
    if not axis:
        return Tensor(found.node, _with(like.layout, dim, (Factor(CHANNELS, sizes[0] // count, count),) if count > 1 else ()))
    if len(axis) > 1:
        raise UnfollowedError("a constant is joined to an axis that is made of several")
    return Tensor(
        found.node,
        _renumbered(_with(like.layout, dim, (axis[0]._replace(size=count),)), of_axis(like.layout, home), axis[0], count),
    )


def placed(program: Program, base: Any, part: Any, dim: int, start: int) -> Any:
    """`base` with `part` in place of its values along an axis from `start` on."""
    count, total = part.shape[dim], base.shape[dim]
    pieces = [piece(program, base, dim, 0, start), part, piece(program, base, dim, start + count, total - start - count)]
    return concat(program, [p for p in pieces if p is not None], dim)


def piece(program: Program, value: Any, dim: int, start: int, count: int) -> Any:
    """Some values along an axis of a tensor or a constant; None if there are none."""
    if count == 0:
        return None
    if isinstance(value, Const):
        return Const((*value.shape[:dim], count, *value.shape[dim + 1 :]), value.stored, value.macs)
    return narrow(program, value, dim, start, count)


def padded(program: Program, tensor: Tensor, pads: Sequence[tuple[int, int]], mode: str) -> Tensor:
    """(before, after) for the last axes of the tensor, the last one last; negative numbers take values away."""
    first = len(tensor.layout) - len(pads)
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
            n, fold = size_of(axis), Fold(mode)
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


def tiled(tensor: Tensor, counts: Sequence[int]) -> Tensor:
    """The tensor repeated along each axis; no layer is added."""
    layout = ((),) * (len(counts) - len(tensor.layout)) + tensor.layout
    repeated = [((Factor(REPEATED, 0, n),) if n > 1 else ()) + axis for axis, n in zip(layout, counts, strict=True)]
    return Tensor(tensor.node, tuple(repeated))


def interleaved(tensor: Tensor, count: int, dim: int) -> Tensor:
    """Each value of an axis `count` times; no layer is added."""
    axis = (*tensor.layout[dim], *((Factor(REPEATED, 0, count),) if count > 1 else ()))
    return Tensor(tensor.node, _with(tensor.layout, dim, axis))


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
