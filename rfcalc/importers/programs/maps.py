"""Layers of a program that read maps: convolution, pooling, interpolation, pixel shuffle, channel shuffle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rfcalc.importers.programs.axes import MapView, as_map
from rfcalc.importers.programs.layout import CHANNELS, full, size_of
from rfcalc.importers.programs.program import Const, Program, Tensor, UnfollowedError
from rfcalc.importers.programs.selection import narrow
from rfcalc.layers.words import make

Numbers = Sequence[int]
Pads = tuple[tuple[int, int], ...]
MOST_SLICES = 32


def numbers(value: Any, rank: int) -> tuple[int, ...]:
    """One number per axis, from a number or a list that may hold one for all."""
    values = list(value) if isinstance(value, list | tuple) else [value]
    return tuple(int(n) for n in (values * rank if len(values) == 1 else values))


def halves(total: int, upper: bool = True) -> tuple[int, int]:
    """An amount of padding in two halves, the larger one at the end (`upper`) or at the start."""
    return (total // 2, total - total // 2) if upper else (total - total // 2, total // 2)


def conv(
    program: Program,
    tensor: Tensor,
    weight: Const,
    bias: Const | None,
    stride: Numbers,
    pads: Pads,
    dilation: Numbers,
    groups: int,
) -> Tensor:
    """A convolution; `weight` has the shape (out, in / groups, kernel...)."""
    out, wide, *kernel = weight.shape
    rank = len(kernel)
    if (band := _along_channels(program, tensor, weight, bias, stride, pads)) is not None:
        return band
    claim = program.claim([weight, bias])
    flat = _pointwise(program, tensor, kernel, stride, pads)
    if flat:
        op = make("conv", out=out, kernel=1, padding=0, groups=groups, bias=bias is not None)
        dims = 1 if len(tensor.layout) == rank + 2 else 0
        layout = (*tensor.layout[:dims], full(CHANNELS, out), *tensor.layout[dims + 1 :])
        return program.emit(op, [tensor], layout, claim)
    view = as_map(program, tensor, rank)
    settings = {"kernel": tuple(kernel), "stride": numbers(stride, rank), "dilation": numbers(dilation, rank)}
    padding = tuple(pads)
    out, groups = out * view.heads, groups * view.heads
    if view.extra:
        settings = {name: (1,) * view.extra + value for name, value in settings.items()}
        padding = ((0, 0),) * view.extra + padding
    plain = {name: value[0] if len(set(value)) == 1 else value for name, value in settings.items()}
    channels = program.shape(view.tensor).channels
    if groups > 1 and groups == channels == wide * groups and out % channels == 0:
        op = make("dwconv", multiplier=out // channels, padding=_short(padding), bias=bias is not None, **plain)
    else:
        op = make("conv", out=out, padding=_short(padding), groups=groups, bias=bias is not None, **plain)
    return placed(program, view, program.emit(op, [view.tensor], None, claim))


def _short(padding: Pads) -> Any:
    """The padding as people write it: a number where all sides agree, one per axis where both sides do."""
    if len(sides := {side for pair in padding for side in pair}) == 1:
        return sides.pop()
    return tuple(a if a == b else (a, b) for a, b in padding)


def _pointwise(program: Program, tensor: Tensor, kernel: Numbers, stride: Numbers, pads: Pads) -> bool:
    """True for a convolution that reads one position, whose channels are all channels of one layer."""
    plain = set(kernel) == {1} and set(stride) == {1} and not any(map(any, pads))
    dims = len(tensor.layout) - len(kernel) - 1
    shape = program.shape(tensor)
    return plain and dims in (0, 1) and shape.rank > 0 and tensor.layout[dims] == full(CHANNELS, shape.channels)


def _along_channels(
    program: Program, tensor: Tensor, weight: Const, bias: Const | None, stride: Numbers, pads: Pads
) -> Tensor | None:
    """A 1-D convolution of one channel along an axis that holds the channels of a layer (efficient channel attention)."""
    if len(weight.shape) != 3 or weight.shape[:2] != (1, 1) or len(tensor.layout) != 3:
        return None
    kernel, shape = weight.shape[2], program.shape(tensor)
    if tensor.layout[2] != full(CHANNELS, shape.channels) or shape.channels == 1 or tensor.layout[1]:
        return None
    if kernel % 2 == 0 or set(stride) != {1} or pads != ((kernel // 2, kernel // 2),):
        raise UnfollowedError("a convolution along the channels that changes their number")
    op = make("channelconv", kernel=kernel, bias=bias is not None)
    return program.emit(op, [tensor], tensor.layout, program.claim([weight, bias]))


def placed(program: Program, found: MapView, tensor: Tensor) -> Tensor:
    """A layer in the place of the map that it reads."""
    return Tensor(tensor.node, found.layout(program.shape(tensor)))


def conv_transpose(
    program: Program,
    tensor: Tensor,
    weight: Const,
    bias: Const | None,
    stride: Numbers,
    padding: Numbers,
    extra: Numbers,
    groups: int,
    dilation: Numbers,
) -> Tensor:
    """A transposed convolution; `weight` has the shape (in, out / groups, kernel...)."""
    kernel = weight.shape[2:]
    rank = len(kernel)
    view = as_map(program, tensor, rank)
    settings = {"kernel": kernel, "stride": stride, "padding": padding, "output_padding": extra, "dilation": dilation}
    kept = {"padding": 0, "output_padding": 0}  # of axes that lie before the channels; the others are 1
    plain = {name: one((*[kept.get(name, 1)] * view.extra, *numbers(value, rank))) for name, value in settings.items()}
    groups *= view.heads
    op = make("upconv", out=weight.shape[1] * groups, groups=groups, bias=bias is not None, **plain)
    return placed(program, view, program.emit(op, [view.tensor], None, program.claim([weight, bias])))


def one(values: Numbers) -> Any:
    """One number for all axes where they agree, else one each."""
    return values[0] if len(set(values)) == 1 else tuple(values)


def pool(program: Program, word: str, tensor: Tensor, rank: int, pads: Pads, **settings: Any) -> Tensor:
    """A sliding pool; kernel, stride and dilation as tuples."""
    if (band := _pooled_channels(program, word, tensor, rank, pads, settings)) is not None:
        return band
    view = as_map(program, tensor, rank)
    more = {}
    for name, value in settings.items():
        more[name] = one((1,) * view.extra + value) if isinstance(value, tuple) else value
    padding = _short(((0, 0),) * view.extra + pads)
    return placed(program, view, program.add(word, [view.tensor], padding=padding, **more))


def _pooled_channels(
    program: Program, word: str, tensor: Tensor, rank: int, pads: Pads, settings: dict[str, Any]
) -> Tensor | None:
    """A pool of stride 1 along an axis that holds the channels of a layer (local response norm as its parts): each channel
    with its neighbours, slice by slice. None for any other pool."""
    first = len(tensor.layout) - rank
    moved = [i for i, k in enumerate(settings["kernel"]) if k > 1]
    along = [i for i in range(rank) if any(f.axis == CHANNELS for f in tensor.layout[first + i])]
    if len(moved) != 1 or along != moved:
        return None
    dim, kernel = first + moved[0], settings["kernel"][moved[0]]
    count = size_of(tensor.layout[dim]) - kernel + 1
    plain = set(settings["stride"]) == {1} and set(settings.get("dilation", (1,))) == {1} and not any(map(any, pads))
    if not plain or kernel > MOST_SLICES or count < 1:
        raise UnfollowedError("pools along the channels with a stride, padding or a large window")
    slices = [narrow(program, tensor, dim, i, count) for i in range(kernel)]
    return program.add("max" if word == "maxpool" else "add", slices, slices[0].layout)


def adaptive_pool(program: Program, function: str, tensor: Tensor, size: Numbers) -> Tensor:
    """Adaptive average ("mean") or maximum ("max") pooling to a size."""
    view = as_map(program, tensor, len(size))
    shape = program.shape(view.tensor)
    kept = shape.size[: view.extra]
    if set(size) == {1} and not view.extra:
        if shape.positions == 1:
            return placed(program, view, view.tensor)
        return placed(program, view, program.add({"mean": "gap", "max": "gmp"}[function], [view.tensor]))
    word = {"mean": "adaptivepool", "max": "adaptivemaxpool"}[function]
    return placed(program, view, program.add(word, [view.tensor], out=one((*kept, *size))))


def on_map(program: Program, word: str, tensor: Tensor, rank: int, **settings: Any) -> Tensor:
    """Any other layer without parameters that reads a map of `rank` spatial axes."""
    view = as_map(program, tensor, rank)
    if view.heads > 1:
        raise UnfollowedError("moves channels that lie in the batch")
    return placed(program, view, program.add(word, [view.tensor], **settings))
