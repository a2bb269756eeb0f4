"""Joining along the axes of a program's tensors: concatenation, rows of tokens, parts that are written into a whole."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from rfcalc.importers.programs.axes import arranged, solid, unified
from rfcalc.importers.programs.layout import BATCH, CHANNELS, REPEATED, Factor, full, merged, of_axis, size_of, text
from rfcalc.importers.programs.program import Const, Program, Tensor, UnfollowedError
from rfcalc.importers.programs.selection import narrow, renumbered, with_axis
from rfcalc.layers.words import make


def concat(program: Program, parts: Sequence[Any], dim: int) -> Tensor:
    """Parts one after the other along an axis; constants among them become layers that read nothing."""
    parts = [part for part in parts if not isinstance(part, Const) or 0 not in part.shape]
    if len({(*part.shape[:dim], *part.shape[dim + 1 :]) for part in parts}) > 1:
        raise UnfollowedError(f"its parts differ: {', '.join(text(part.shape) for part in parts[:6])}")
    like: Tensor = next(part for part in parts if isinstance(part, Tensor))
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
        like = next(part for part in tensors if part.layout[dim])  # of a single value the layout does not say where it lies
        solids = [part if isinstance(part, Tensor) else _stored(program, part, like, dim) for part in parts]
        joined = program.add("join", solids, axis=axis)
        return Tensor(joined.node, with_axis(like.layout, dim, full(axis, sum(size_of(p.layout[dim]) for p in solids))))
    if any(isinstance(part, Const) and (i or not part.stored) for i, part in enumerate(parts)):
        return _on_one_axis(program, parts, dim)
    return _tokens(program, parts, like, dim)


def _on_one_axis(program: Program, parts: Sequence[Any], dim: int) -> Tensor:
    """Parts one after the other, each of which is brought into the form that the axis is one digit of the layer, the most
    significant one (rows of positions and channels between rows of zeros)."""
    parts = [unified(program, part, dim) if isinstance(part, Tensor) else part for part in parts]
    tensors = [part for part in parts if isinstance(part, Tensor)]
    like, axis = tensors[0], tensors[0].layout[dim][0]
    rests = {(part.layout[:dim], part.layout[dim][0][:2], part.layout[dim + 1 :], program.shape(part).rank) for part in tensors}
    if len(rests) > 1:
        raise UnfollowedError("a constant is joined to positions of several maps")
    layers = [part if isinstance(part, Tensor) else _stored(program, part, like, dim) for part in parts]
    found = program.add("join", layers, axis=axis.axis) if axis.axis > CHANNELS else program.add("concat", layers)
    total = sum(part.shape[dim] for part in parts)
    return Tensor(found.node, with_axis(like.layout, dim, (axis._replace(size=total),)))


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
    base, *parts = _split_alike([base, *parts], dim)
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


def _split_alike(tensors: Sequence[Tensor], dim: int) -> list[Tensor]:
    """The same tensors with all axes but one cut into digits of the same sizes: 16 channels and 2 x 8 ones as 2 x 8."""
    layouts = [list(tensor.layout) for tensor in tensors]
    for i in range(len(layouts[0])):
        if i != dim:
            cuts = sorted({prod(f.size for f in layout[i][k:]) for layout in layouts for k in range(len(layout[i]))} | {1})
            if any(b % a for a, b in zip(cuts, cuts[1:], strict=False)):
                raise UnfollowedError("two tensors are joined whose axes are split differently")
            for layout in layouts:
                layout[i] = _cut(layout[i], cuts)
    return [Tensor(tensor.node, tuple(layout)) for tensor, layout in zip(tensors, layouts, strict=True)]


def _cut(axis: Sequence[Factor], cuts: Sequence[int]) -> tuple[Factor, ...]:
    """An axis with a digit between each two cuts, which are numbers of values, ascending, each a multiple of the one before."""
    digits: list[Factor] = []
    below = prod(f.size for f in axis)
    for factor in axis:
        above, below = below, below // factor.size
        inner = [cut for cut in cuts if below <= cut <= above]
        digits += [
            Factor(factor.axis, factor.stride * (a // below), b // a) for a, b in zip(inner[-2::-1], inner[:0:-1], strict=True)
        ]
    return tuple(digits)


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
    found = program.emit(op, [like], None, claim)
    if not axis:
        return Tensor(
            found.node, with_axis(like.layout, dim, (Factor(CHANNELS, sizes[0] // count, count),) if count > 1 else ())
        )
    if len(axis) > 1:
        raise UnfollowedError("a constant is joined to an axis that is made of several")
    return Tensor(
        found.node,
        renumbered(with_axis(like.layout, dim, (axis[0]._replace(size=count),)), of_axis(like.layout, home), axis[0], count),
    )


def placed(program: Program, base: Any, part: Any, dim: int, start: int) -> Any:
    """`base` with `part` in place of its values along an axis from `start` on."""
    count, total = part.shape[dim], base.shape[dim]
    if count == total:
        return part
    pieces = [piece(program, base, dim, 0, start), part, piece(program, base, dim, start + count, total - start - count)]
    return concat(program, [p for p in pieces if p is not None], dim)


def piece(program: Program, value: Any, dim: int, start: int, count: int) -> Any:
    """Some values along an axis of a tensor or a constant; None if there are none."""
    if count == 0:
        return None
    if isinstance(value, Const):
        return Const((*value.shape[:dim], count, *value.shape[dim + 1 :]), value.stored, value.made)
    return narrow(program, value, dim, start, count)
