"""Softmax and norms along the axes of a program's tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rfcalc.importers.programs.axes import as_map, axis_groups, digit_names, pattern_text
from rfcalc.importers.programs.layout import BATCH, CHANNELS, REPEATED, Factor, full, of_axis, reshape
from rfcalc.importers.programs.maps import placed
from rfcalc.importers.programs.program import Const, CountedStorage, Program, Tensor, UnfollowedError
from rfcalc.layers.contract import Op
from rfcalc.layers.words import make
from rfcalc.record import replace
from rfcalc.relations.shape import Shape


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


def batch_norm(
    program: Program, tensor: Tensor, consts: Sequence[Const | None], eps: float, affine: bool, untold: int = 0
) -> Tensor:
    """Batch norm over the second axis, by stored statistics; `untold` fixed numbers are kept too, which the program leaves
    out."""
    claim, channels = program.claim(consts), program.shape(tensor).channels
    if tensor.layout[1] != full(CHANNELS, channels):
        op = make("stored", function="mul", params=claim.params, buffers=claim.buffers)
        return program.emit(op, [tensor], tensor.layout, claim)
    if claim.buffers == 2 * channels:
        claim = replace(claim, buffers=claim.buffers + untold)
    return program.emit(make("bn", eps=eps, affine=affine), [tensor], tensor.layout, claim)


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
    """Group norm over the second axis; groups of several images that became channels lie side by side."""
    if groups < 1 or tensor.shape[1] % groups:
        raise UnfollowedError(f"its groups ({groups}) do not divide the {tensor.shape[1]} channels")
    affine = any(const is not None for const in consts)
    return _by_image(program, tensor, consts, "gn", lambda heads: {"groups": groups * heads, "eps": eps, "affine": affine})


def instance_norm(program: Program, tensor: Tensor, consts: Sequence[Const | None], eps: float) -> Tensor:
    """Instance norm over the second axis."""
    affine = any(const is not None for const in consts)
    return _by_image(program, tensor, consts, "instancenorm", lambda _: {"eps": eps, "affine": affine})


def _by_image(
    program: Program, tensor: Tensor, consts: Sequence[Const | None], word: str, settings: Callable[[int], dict[str, Any]]
) -> Tensor:
    """A norm of each image by itself, with the settings for so many groups of channels: where several images lie in one layer
    (two that are compared), those are `heads` of its channels."""
    claim = program.claim(consts)
    if tensor.layout[1] == full(CHANNELS, program.shape(tensor).channels):
        return program.emit(make(word, **settings(1)), [tensor], tensor.layout, claim)
    if any((f.axis > CHANNELS) != (dim > 1) for dim, axis in enumerate(tensor.layout) for f in axis if f.axis >= CHANNELS):
        return _by_digits(program, tensor, settings(1).get("groups", tensor.shape[1]), claim)
    view = as_map(program, tensor, len(tensor.layout) - 2)
    return placed(program, view, program.emit(make(word, **settings(view.heads)), [view.tensor], None, claim))


def _by_digits(program: Program, tensor: Tensor, groups: int, claim: CountedStorage) -> Tensor:
    """A norm of so many groups of the second axis where the layer's channels lie along other axes too (patches of pixels)."""
    outer, inner = reshape((tensor.layout[1],), (groups, tensor.shape[1] // groups))
    cut = Tensor(tensor.node, (tensor.layout[0], outer, inner, *tensor.layout[2:]))
    gone = {factor for axis in cut.layout[2:] for factor in axis}
    if any(factor.axis in (BATCH, REPEATED) for factor in gone):
        raise UnfollowedError("normalizes over several images, or over numbers that repeat")
    pattern = _over(cut, gone, program.shape(tensor))
    op = make("normalize", pattern=pattern, function="groupnorm", params=claim.params)
    return program.emit(op, [tensor], tensor.layout, claim)
