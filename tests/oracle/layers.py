"""Each layer as a positive torch computation, by its word; `net` makes weights and padding (see network.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from .network import Oracle

GLOBAL_WORDS = ("gap", "gmp", "linear", "flatten")
TORCH_CONV = (F.conv1d, F.conv2d, F.conv3d)
TORCH_UPCONV = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)
TORCH_MAXPOOL = (F.max_pool1d, F.max_pool2d, F.max_pool3d)
TORCH_ADAPTIVE = (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)
LINEAR = ("linear", "bilinear", "trilinear")


def per_axis(value: Any, rank: int) -> tuple[Any, ...]:
    """One entry per axis."""
    return tuple(value) if isinstance(value, list | tuple) else (value,) * rank


def pads(padding: Any, size: Sequence[int], k: Sequence[int], s: Sequence[int], d: Sequence[int]) -> list[tuple[int, int]]:
    """(before, after) per axis. "same" is TensorFlow's rule: ceil(n/s) units, an odd unit of padding comes after."""
    found = []
    for axis, rule in enumerate(per_axis(padding, len(size))):
        reach = d[axis] * (k[axis] - 1)
        if rule == "valid":
            found.append((0, 0))
        elif rule == "half":
            found.append((reach // 2, reach // 2))
        elif rule == "same":
            missing = max(0, (-(-size[axis] // s[axis]) - 1) * s[axis] + reach + 1 - size[axis])
            found.append((missing // 2, missing - missing // 2))
        else:
            found.append(tuple(rule) if isinstance(rule, list | tuple) else (rule, rule))
    return found


def identity(_: Oracle, __: Any, x: Tensor) -> Tensor:
    return x


def conv(net: Oracle, op: Any, x: Tensor) -> Tensor:
    rank = x.dim() - 2
    k, s, d = (per_axis(v, rank) for v in (op.kernel, op.stride, op.dilation))
    depthwise = op.word == "dwconv"
    groups = x.shape[1] if depthwise else op.groups
    out = x.shape[1] * op.multiplier if depthwise else op.out
    x = net.pad(x, pads(op.padding, x.shape[2:], k, s, d), op.padding_mode)
    return TORCH_CONV[rank - 1](x, net.weight(out, x.shape[1] // groups, k), None, s, 0, d, groups)


def upconv(net: Oracle, op: Any, x: Tensor) -> Tensor:
    rank = x.dim() - 2
    k, s, d, p, more = (per_axis(v, rank) for v in (op.kernel, op.stride, op.dilation, op.padding, op.output_padding))
    weight = net.weight(x.shape[1], op.out // op.groups, k)
    run = TORCH_UPCONV[rank - 1]
    value = run(x, weight, None, s, p, more, op.groups, d)
    beyond = [d[a] * (k[a] - 1) // s[a] + 2 for a in range(rank)]
    edge = run(net.pad(x * 0, [(e, e) for e in beyond]), weight, None, s, 0, 0, op.groups, d)
    for a in range(rank):
        edge = edge.narrow(2 + a, beyond[a] * s[a] + p[a], value.shape[2 + a])
    return value + edge


def pool(net: Oracle, op: Any, x: Tensor) -> Tensor:
    """A sliding pool as a depthwise convolution of ones, on the units for which torch's own maxpool has room."""
    rank = x.dim() - 2
    k = per_axis(op.kernel, rank)
    s = k if op.stride is None else per_axis(op.stride, rank)
    d = per_axis(getattr(op, "dilation", 1), rank)
    sides = pads(op.padding, x.shape[2:], k, s, d)
    if all(a == b and 2 * a <= k[i] for i, (a, b) in enumerate(sides)):
        size = TORCH_MAXPOOL[rank - 1](x, k, s, [a for a, _ in sides], d, op.ceil_mode).shape[2:]
    else:
        size = TORCH_MAXPOOL[rank - 1](net.pad(x, sides), k, s, 0, d, op.ceil_mode).shape[2:]
    # A window that would start in the padding at the end is left out: torch's rule, and ONNX's for unequal sides.
    size = [m - 1 if op.ceil_mode and (m - 1) * s[i] >= x.shape[2 + i] + sides[i][0] else m for i, m in enumerate(size)]
    needed = [(m - 1) * s[i] + d[i] * (k[i] - 1) + 1 for i, m in enumerate(size)]
    sides = [(a, max(b, need - n - a)) for (a, b), need, n in zip(sides, needed, x.shape[2:], strict=True)]
    weight = torch.ones((x.shape[1], 1, *k), dtype=torch.float64) / prod(k)
    value = TORCH_CONV[rank - 1](net.pad(x, sides), weight, None, s, 0, d, x.shape[1])
    for a, m in enumerate(size):
        value = value.narrow(2 + a, 0, m)
    return value


def adaptive_pool(net: Oracle, op: Any, x: Tensor) -> Tensor:
    rank = x.dim() - 2
    size = per_axis(op.out, rank)
    return TORCH_ADAPTIVE[rank - 1](net.global_path(x) if 1 in size else x, size)


def global_pool(_: Oracle, op: Any, x: Tensor) -> Tensor:
    return x.mean(tuple(range(2, x.dim())) if op.axis is None else 2 + op.axis, keepdim=True)


def squeeze_excite(net: Oracle, _: Any, x: Tensor) -> Tensor:
    return gated(x) * gated(net.global_path(x).mean())


def linear(net: Oracle, op: Any, x: Tensor) -> Tensor:
    flat = torch.flatten(x, 1)
    return flat @ net.weight(op.out, flat.shape[1], ()).T


def flatten(_: Oracle, __: Any, x: Tensor) -> Tensor:
    return torch.flatten(x, 1)


def channel_band(_: Oracle, op: Any, x: Tensor) -> Tensor:
    """Local response normalization as the sum over the neighbouring channels that torch's own takes."""
    moved = F.pad(x.movedim(1, -1), (op.size // 2, (op.size - 1) // 2))
    return moved.unfold(-1, op.size, 1).sum(-1).movedim(-1, 1)


def channel_mean(_: Oracle, __: Any, x: Tensor) -> Tensor:
    return x.mean(1, keepdim=True).expand_as(x)


def elementwise(net: Oracle, op: Any, *inputs: Tensor) -> Tensor:
    size = torch.broadcast_shapes(*(x.shape for x in inputs))
    terms = [net.global_path(x) if x.shape[2:] != size[2:] else x for x in inputs]
    value = gated(terms[0]) if op.word == "mul" else terms[0]
    for x in terms[1:]:
        value = value * gated(x) if op.word == "mul" else value + x
    return value


def gated(x: Tensor) -> Tensor:
    """A positive factor whose derivative is positive even where x is zero."""
    return 1 + x / (1 + x)


def concat(_: Oracle, __: Any, *inputs: Tensor) -> Tensor:
    return torch.cat(inputs, 1)


def upsample(net: Oracle, op: Any, x: Tensor, *to: Tensor) -> Tensor:
    rank = x.dim() - 2
    mode = op.mode if op.mode in ("nearest", "bicubic") else LINEAR[rank - 1]
    scales = None if op.scale is None else [float(s) for s in per_axis(op.scale, rank)]
    size = to[0].shape[2:] if to else None if op.size is None else per_axis(op.size, rank)
    for axis in range(rank):
        taps = interpolation(
            rank, axis, x.shape[2 + axis], mode, op.align_corners, scales and scales[axis], size and size[axis]
        )
        x = torch.einsum("...i,oi->...o", x.movedim(2 + axis, -1), taps).movedim(-1, 2 + axis)
        if x.requires_grad:
            x = x + net.padding * (taps[:, 0] + taps[:, -1]).reshape(-1, *(1,) * (rank - axis - 1))
    return x


def interpolation(rank: int, axis: int, n: int, mode: str, corners: bool, scale: Any, size: Any) -> Tensor:
    """Which of `n` units each output unit weighs (rows: outputs), from torch's interpolation of each unit alone.

    In float64, so that noise and weight are told apart; but nearest in float32, as its index is what float32 makes of it.
    """
    shape = [1, n] + [1] * rank
    shape[2 + axis] = n
    units = torch.eye(n, dtype=torch.float32 if mode == "nearest" else torch.float64).reshape(shape)
    scales = None if scale is None else [scale if a == axis else 1.0 for a in range(rank)]
    sizes = None if size is None else [size if a == axis else 1 for a in range(rank)]
    align = None if mode == "nearest" else corners
    weights = F.interpolate(units, size=sizes, scale_factor=scales, mode=mode, align_corners=align)
    taps = (weights.reshape(n, -1).T.abs() > 1e-9).to(torch.float64)
    return taps / taps.sum(1, keepdim=True)


def pad(net: Oracle, op: Any, x: Tensor) -> Tensor:
    ones = (1,) * (x.dim() - 2)
    return net.pad(x, pads(op.padding, x.shape[2:], ones, ones, ones), op.mode)


def crop(_: Oracle, op: Any, x: Tensor, *to: Tensor) -> Tensor:
    size, rank = x.shape[2:], x.dim() - 2
    if op.margin is not None:
        sides = pads(op.margin, size, *((1,) * rank,) * 3)
        starts, wanted = [a for a, _ in sides], [n - a - b for n, (a, b) in zip(size, sides, strict=True)]
    else:
        wanted = list(to[0].shape[2:] if to else per_axis(op.size, rank))
        centre = [(n - m) // 2 for n, m in zip(size, wanted, strict=True)]
        starts = centre if op.offset is None else list(per_axis(op.offset, rank))
    for axis, (start, length) in enumerate(zip(starts, wanted, strict=True)):
        x = x.narrow(2 + axis, start, length)
    return x


def blocks(rank: int, r: int) -> list[tuple[slice, ...]]:
    """The positions within blocks of r units per axis, row by row, each as the slices that pick it from every block."""
    return [(..., *(slice(at, None, r) for at in place)) for place in product(range(r), repeat=rank)]


def depth_to_space(_: Oracle, op: Any, x: Tensor) -> Tensor:
    """Channels become the positions of blocks; a pixel shuffle counts c * r^axes + position, the other position * c'."""
    r, rank = op.ratio, x.dim() - 2
    if op.word == "pixelshuffle" and rank == 2:
        return F.pixel_shuffle(x, r)
    found = x.new_zeros(1, x.shape[1] // r**rank, *(n * r for n in x.shape[2:]))
    for number, place in enumerate(blocks(rank, r)):
        if op.word == "pixelshuffle":
            found[place] = x[:, number :: r**rank]
        else:
            found[place] = x.chunk(r**rank, 1)[number]
    return found


def space_to_depth(_: Oracle, op: Any, x: Tensor) -> Tensor:
    r, rank = op.ratio, x.dim() - 2
    if op.word == "pixelunshuffle" and rank == 2:
        return F.pixel_unshuffle(x, r)
    parts = [x[place] for place in blocks(rank, r)]
    return torch.stack(parts, 2).flatten(1, 2) if op.word == "pixelunshuffle" else torch.cat(parts, 1)


def reorg(_: Oracle, op: Any, x: Tensor) -> Tensor:
    """Darknet's reorg_cpu, index by index (forward = 0)."""
    (channels, height, width), r = x.shape[1:], op.ratio
    k, j, i = torch.meshgrid(torch.arange(channels), torch.arange(height), torch.arange(width), indexing="ij")
    offset = k // (channels // r**2)
    column, row = i * r + offset % r, j * r + offset // r
    index = column + width * r * (row + height * r * (k % (channels // r**2)))
    return x.flatten()[index.flatten()].reshape(1, channels * r**2, height // r, width // r)


def select(_: Oracle, op: Any, x: Tensor) -> Tensor:
    if op.word == "slice":
        return x[:, op.start : op.stop : op.step]
    parts = x.chunk(op.parts, 1) if op.word == "chunk" else x.split(list(op.sizes), 1)
    return parts[op.index]


def channel_shuffle(_: Oracle, op: Any, x: Tensor) -> Tensor:
    return F.channel_shuffle(x, op.groups)


def layer_norm(net: Oracle, op: Any, x: Tensor) -> Tensor:
    return channel_mean(net, op, x) if op.over == "channels" else x


POINTWISE = ("bn", "relu", "relu6", "silu", "gelu", "hardswish", "hardsigmoid", "sigmoid", "tanh", "mish", "selu", "softplus")
POINTWISE += ("identity", "leakyrelu", "elu", "prelu", "dropout", "scale", "bias", "positions")
# Their statistics over positions do not count for the field.
POINTWISE += ("instancenorm", "gn")
LAYERS: dict[str, Callable[..., Tensor]] = {
    **dict.fromkeys(POINTWISE, identity),
    **dict.fromkeys(("conv", "dwconv"), conv),
    **dict.fromkeys(("maxpool", "avgpool"), pool),
    **dict.fromkeys(("adaptivepool", "adaptivemaxpool"), adaptive_pool),
    **dict.fromkeys(("gap", "gmp"), global_pool),
    **dict.fromkeys(("add", "mul", "max"), elementwise),
    **dict.fromkeys(("softmax", "rmsnorm", "l2norm"), channel_mean),
    **dict.fromkeys(("pixelshuffle", "depthtospace"), depth_to_space),
    **dict.fromkeys(("pixelunshuffle", "spacetodepth"), space_to_depth),
    **dict.fromkeys(("slice", "chunk", "split"), select),
    "upconv": upconv,
    "linear": linear,
    "flatten": flatten,
    "lrn": channel_band,
    "layernorm": layer_norm,
    "concat": concat,
    "upsample": upsample,
    "pad": pad,
    "crop": crop,
    "reorg": reorg,
    "channelshuffle": channel_shuffle,
    "se": squeeze_excite,
}
