"""What ONNX's operators mean that move no number: other shapes, orders and repetitions of axes."""

from __future__ import annotations

from math import prod
from typing import Any

from rfcalc.importers.onnx.call import NodeCall, handles
from rfcalc.importers.onnx.fold import reshaped
from rfcalc.importers.programs import views
from rfcalc.importers.programs.program import Tensor, UnfollowedError

handles.shapes_only("Shape", "Size", "RandomNormalLike", "RandomUniformLike", "EyeLike", operands=(0,))


@handles("Reshape", settings=(1,))
def _reshape(call: NodeCall) -> Tensor:
    tensor, wanted = call.tensor(), call.numbers(1, "shape")
    if wanted is None:
        raise UnfollowedError("it has no shape")
    return views.viewed(tensor, reshaped(tensor.shape, wanted, call.whole("allowzero")))


@handles("Flatten")
def _flatten(call: NodeCall) -> Tensor:
    tensor = call.tensor()
    axis, rank = call.whole("axis", 1), len(tensor.layout)
    axis = axis if axis == rank else call.axis(axis)
    return views.viewed(tensor, (prod(tensor.shape[:axis]), prod(tensor.shape[axis:])))


@handles("Squeeze", settings=(1,))
def _squeeze(call: NodeCall) -> Tensor:
    tensor, axes = call.tensor(), call.numbers(1, "axes")
    gone = {i for i, n in enumerate(tensor.shape) if n == 1} if axes is None else {call.axis(axis) for axis in axes}
    if any(tensor.shape[i] != 1 for i in gone):
        raise UnfollowedError(f"it takes away an axis of {max(tensor.shape[i] for i in gone)}")
    return Tensor(tensor.node, tuple(axis for i, axis in enumerate(tensor.layout) if i not in gone))


@handles("Unsqueeze", settings=(1,))
def _unsqueeze(call: NodeCall) -> Tensor:
    tensor, axes = call.tensor(), call.numbers(1, "axes") or []
    rank = len(tensor.layout) + len(axes)
    fresh = {call.axis(axis, rank) for axis in axes}
    if len(fresh) < len(axes):
        raise UnfollowedError(f"its axes {axes} name one twice")
    rest = iter(tensor.layout)
    return Tensor(tensor.node, tuple(() if i in fresh else next(rest) for i in range(rank)))


@handles("Transpose")
def _transpose(call: NodeCall) -> Tensor:
    tensor = call.tensor()
    rank = len(tensor.layout)
    perm = [axis + rank if axis < 0 else axis for axis in call.ints("perm", range(rank)[::-1])]
    if sorted(perm) != list(range(rank)):
        raise UnfollowedError(f"its perm {perm} does not fit a tensor of {rank} axes")
    return views.permuted(tensor, perm)


@handles("Expand", settings=(1,))
def _expand(call: NodeCall) -> Tensor:
    tensor, wanted = call.tensor(), call.numbers(1, "shape") or []
    sizes = (1,) * (len(wanted) - len(tensor.layout)) + tensor.shape
    wanted = [1] * (len(sizes) - len(wanted)) + wanted
    if min(wanted, default=1) < 1:
        raise UnfollowedError(f"its shape {wanted} is none")
    return views.expanded(tensor, [n if m == 1 else m for m, n in zip(sizes, wanted, strict=True)])


@handles("Tile", settings=(1,))
def _tile(call: NodeCall) -> Tensor:
    tensor, counts = call.tensor(), call.numbers(1, "repeats") or []
    if len(counts) != len(tensor.layout) or min(counts, default=0) < 1:
        raise UnfollowedError(f"its repeats {counts} do not fit a tensor of {len(tensor.layout)} axes")
    return views.tiled(tensor, counts)


@handles("Identity", "Cast", "ConstantCast")
@handles("CastLike", shapes=(1,))
def _same(call: NodeCall) -> Any:
    return call.get(0)
