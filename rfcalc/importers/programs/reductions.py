"""Reductions, softmax and norms along the axes of a program's tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rfcalc.importers.programs.axes import axis_groups, digit_names, pattern_text, solid
from rfcalc.importers.programs.layout import BATCH, CHANNELS, REPEATED, Factor, Layout, full, merged, of_axis
from rfcalc.importers.programs.program import Const, Program, Tensor, UnfollowedError
from rfcalc.layers.contract import Op
from rfcalc.layers.words import make
from rfcalc.relations.shape import Shape

POOLS = {"mean": "gap", "max": "gmp"}


def reduced(program: Program, function: str, tensor: Tensor, dims: Sequence[int], keep: bool) -> Tensor:
    """sum, mean, max, min, norm or var over some axes, which stay with size 1 if `keep`."""
    count = len(tensor.layout)
    chosen = {dim % count for dim in dims} if dims else set(range(count))
    gone = {f for dim in chosen for f in tensor.layout[dim] if f.axis != REPEATED}
    if any(f.axis == BATCH for f in gone):
        raise UnfollowedError("reduces over the batch")
    rest = tuple(() if dim in chosen else axis for dim, axis in enumerate(tensor.layout))
    if not gone:
        return Tensor(tensor.node, _without(rest, chosen, keep))
    tensor = solid(program, tensor)
    gone = {f for dim in chosen for f in tensor.layout[dim]}
    rest = tuple(() if dim in chosen else axis for dim, axis in enumerate(tensor.layout))
    shape = program.shape(tensor)
    found = _pooled(program, function, tensor, gone, shape) or _joined(program, function, tensor, gone, shape)
    return Tensor(found.node, _without(_compacted(rest, shape.rank), chosen, keep))


def _without(layout: Layout, chosen: set[int], keep: bool) -> Layout:
    return layout if keep else tuple(axis for dim, axis in enumerate(layout) if dim not in chosen)


def _pooled(program: Program, function: str, tensor: Tensor, gone: set[Factor], shape: Shape) -> Tensor | None:
    """A global pool, over all spatial axes or over one of them."""
    axes = {f.axis for f in gone}
    whole = all(set(of_axis(tensor.layout, axis)) <= gone for axis in axes)
    if function not in POOLS or CHANNELS in axes or not whole or shape.rank > 3:
        return None
    longer = {k for k, n in enumerate(shape.size, 1) if n > 1}
    if axes == longer:
        return program.add(POOLS[function], [tensor])
    return program.add(POOLS[function], [tensor], axis=axes.pop() - 1) if len(axes) == 1 else None


def _joined(program: Program, function: str, tensor: Tensor, gone: set[Factor], shape: Shape) -> Tensor:
    names = digit_names((f for axis in tensor.layout for f in axis), shape.rank)
    groups = axis_groups(names, shape.rank)
    missing = {names[f] for f in gone}
    out = [[name for name in group if name not in missing] for group in groups]
    sizes = {name: f.size for f, name in names.items()}
    return program.add("rearrange", [tensor], pattern=pattern_text([groups], out, sizes), function=function)


def _compacted(layout: Layout, rank: int) -> Layout:
    """The layout once the digits that it lacks are gone from the layer."""
    places: dict[Factor, Factor] = {}
    for axis in range(rank + 1):
        stride = 1
        for factor in reversed(of_axis(layout, axis)):
            places[factor] = Factor(axis, stride, factor.size)
            stride *= factor.size
    return tuple(merged(places.get(f, f) for f in axis) for axis in layout)


def softmax(program: Program, tensor: Tensor, dim: int) -> Tensor:
    """Softmax along one axis."""
    axis, shape = tensor.layout[dim], program.shape(tensor)
    if axis == full(CHANNELS, shape.channels) and axis:
        return program.add("softmax", [tensor], tensor.layout)
    if not axis or any(f.axis in (BATCH, REPEATED) for f in axis):
        return program.add("identity", [tensor], tensor.layout)
    return program.add("normalize", [tensor], tensor.layout, pattern=_over(tensor, set(axis), shape))


def _over(tensor: Tensor, gone: set[Factor], shape: Shape) -> str:
    names = digit_names((f for axis in tensor.layout for f in axis), shape.rank)
    groups = axis_groups(names, shape.rank)
    missing = {names[f] for f in gone}
    out = [[name for name in group if name not in missing] for group in groups]
    return pattern_text([groups], out, {name: f.size for f, name in names.items()})


def batch_norm(program: Program, tensor: Tensor, consts: Sequence[Any], eps: float, affine: bool) -> Tensor:
    """Batch norm over the second axis."""
    claim = program.claim(consts)
    if tensor.layout[1] == full(CHANNELS, program.shape(tensor).channels):
        return program.emit(make("bn", eps=eps, affine=affine), [tensor], tensor.layout, claim)
    op = make("stored", function="mul", params=claim.params, buffers=claim.buffers)
    return program.emit(op, [tensor], tensor.layout, claim)


def layer_norm(
    program: Program, tensor: Tensor, axes: int, consts: Sequence[Const | None], eps: float | None, rms: bool = False
) -> Tensor:
    """Layer norm or RMS norm over the last axes."""
    claim, shape = program.claim(consts), program.shape(tensor)
    gone = {f for axis in tensor.layout[-axes:] for f in axis}
    affine = any(const is not None for const in consts)
    known = _plain_norm(gone, tensor, shape, eps, affine, rms)
    if known is not None:
        return program.emit(known, [tensor], tensor.layout, claim)
    function = "rmsnorm" if rms else "layernorm"
    op = make("normalize", pattern=_over(tensor, gone, shape), function=function, params=claim.params)
    return program.emit(op, [tensor], tensor.layout, claim)


def _plain_norm(gone: set[Factor], tensor: Tensor, shape: Shape, eps: float | None, affine: bool, rms: bool) -> Op | None:
    """The norm's own word, where it runs over the channels or over everything."""
    every = {f for axis in tensor.layout for f in axis if f.axis != BATCH}
    if gone == set(of_axis(tensor.layout, CHANNELS)) and gone:
        return make("rmsnorm", eps=eps, affine=affine) if rms else make("layernorm", eps=eps or 0.0, affine=affine)
    if gone == every and not rms:
        return make("layernorm", over="all", eps=eps or 0.0, affine=affine)
    return None


def group_norm(program: Program, tensor: Tensor, groups: int, consts: Sequence[Const | None], eps: float) -> Tensor:
    """Group norm over the second axis."""
    if tensor.layout[1] != full(CHANNELS, program.shape(tensor).channels):
        raise UnfollowedError("normalizes groups of an axis that is made of several")
    affine = any(const is not None for const in consts)
    op = make("gn", groups=groups, eps=eps, affine=affine)
    return program.emit(op, [tensor], tensor.layout, program.claim(consts))


def instance_norm(program: Program, tensor: Tensor, consts: Sequence[Const | None], eps: float) -> Tensor:
    """Instance norm over the second axis."""
    if tensor.layout[1] != full(CHANNELS, program.shape(tensor).channels):
        raise UnfollowedError("normalizes an axis that is made of several")
    affine = any(const is not None for const in consts)
    return program.emit(make("instancenorm", eps=eps, affine=affine), [tensor], tensor.layout, program.claim(consts))
