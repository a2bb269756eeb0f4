"""Reductions, softmax and norms along the axes of a program's tensors."""

from __future__ import annotations

from collections.abc import Sequence

from rfcalc.importers.programs.arithmetic import opaque, unary
from rfcalc.importers.programs.axes import axis_groups, digit_names, pattern_text, solid
from rfcalc.importers.programs.layout import BATCH, CHANNELS, REPEATED, Factor, Layout, merged, of_axis
from rfcalc.importers.programs.program import Program, Tensor, UnfollowedError
from rfcalc.relations.shape import Shape

POOLS = {"mean": "gap", "max": "gmp"}
# name: (function before, reduction, function after); those in OPAQUE have no source of their own in torch
KINDS = {"std": ("", "var", "sqrt"), "logsumexp": ("exp", "sum", "log"), "logsum": ("", "sum", "log"), "prod": ("", "sum", "")}
KINDS |= {"sumsquare": ("square", "sum", ""), "l1": ("abs", "sum", ""), "otherwise": ("", "norm", "")}
OPAQUE = ("prod", "otherwise")


def joined(program: Program, kind: str, tensor: Tensor, dims: Sequence[int], keep: bool) -> Tensor:
    """A reduction by its name: one of those that `reduced` knows, or of KINDS."""
    before, function, after = KINDS.get(kind, ("", kind, ""))
    if before:
        tensor = unary(program, "pointwise", tensor, function=before)
    found = reduced(program, function, tensor, dims, keep)
    if after:
        found = unary(program, "pointwise", found, function=after)
    return opaque(program, found) if kind in OPAQUE else found


def place(program: Program, function: str, tensor: Tensor, dims: Sequence[int], keep: bool) -> Tensor:
    """Where the maximum or minimum is: it reads what the number itself reads."""
    return opaque(program, reduced(program, function, tensor, dims, keep))


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
