"""Each layer as a positive torch computation, by its word; `net` makes weights and padding (see network.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .places import (
    channel_band,
    channel_mean,
    channel_shuffle,
    channel_window,
    contract,
    depth_to_space,
    join,
    layer_norm,
    patches,
    per_axis,
    rearrange,
    reorg,
    roll,
    select,
    space_to_depth,
    take,
)

if TYPE_CHECKING:
    from .network import Oracle

GLOBAL_WORDS = ("gap", "gmp", "linear", "flatten", "attention")
TORCH_CONV = (F.conv1d, F.conv2d, F.conv3d)
TORCH_UPCONV = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)
TORCH_MAXPOOL = (F.max_pool1d, F.max_pool2d, F.max_pool3d)
TORCH_AVGPOOL = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)
TORCH_ADAPTIVE = (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)
ELEMENTWISE = ("add", "sub", "mul", "div", "max", "min")
LINEAR = ("linear", "bilinear", "trilinear")


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


def local_conv(net: Oracle, op: Any, x: Tensor) -> Tensor:
    """Another weight at each position."""
    rank = x.dim() - 2
    k, s = per_axis(op.kernel, rank), per_axis(op.stride, rank)
    x = net.pad(x, pads(op.padding, x.shape[2:], k, s, (1,) * rank), "zeros")
    for axis in range(rank):
        x = x.unfold(2 + axis, k[axis], s[axis])
    size = x.shape[2 : 2 + rank]
    weight = net.weight(op.out * prod(size), x.shape[1], k).reshape(op.out, *size, x.shape[1], *k)
    return (x.movedim(1, 1 + rank).unsqueeze(1) * weight).flatten(2 + rank).sum(2 + rank)


def masked_conv(net: Oracle, op: Any, x: Tensor) -> Tensor:
    """Only taps before the middle one, row by row; with it for type B."""
    rank = x.dim() - 2
    k, d = per_axis(op.kernel, rank), per_axis(op.dilation, rank)
    seen = (torch.arange(prod(k)) < prod(k) // 2 + (op.mask == "B")).reshape(k)
    padded = net.pad(x, pads("half", x.shape[2:], k, (1,) * rank, d))
    return TORCH_CONV[rank - 1](padded, net.weight(op.out, x.shape[1], k) * seen, None, 1, 0, d)


def upconv(net: Oracle, op: Any, x: Tensor) -> Tensor:
    rank = x.dim() - 2
    weight = net.weight(x.shape[1], op.out // op.groups, per_axis(op.kernel, rank))
    return transposed(net, op, x, weight, per_axis(op.output_padding, rank), op.groups)


def transposed(net: Oracle, op: Any, x: Tensor, weight: Tensor, more: Sequence[int], groups: int) -> Tensor:
    rank = x.dim() - 2
    k, s, d, p = (per_axis(v, rank) for v in (op.kernel, op.stride, op.dilation, op.padding))
    run = TORCH_UPCONV[rank - 1]
    value = run(x, weight, None, s, p, more, groups, d)
    beyond = [d[a] * (k[a] - 1) // s[a] + 2 for a in range(rank)]
    edge = run(net.pad(x * 0, [(e, e) for e in beyond]), weight, None, s, 0, 0, groups, d)
    for a in range(rank):
        edge = edge.narrow(2 + a, beyond[a] * s[a] + p[a], value.shape[2 + a])
    return value + edge


def zero_stuff(_: Oracle, op: Any, x: Tensor) -> Tensor:
    for axis, stride in enumerate(per_axis(op.stride, x.dim() - 2), 2):
        n = x.shape[axis]
        size = [(n - 1) * stride + 1 if a == axis else m for a, m in enumerate(x.shape)]
        x = torch.zeros(size, dtype=x.dtype).index_copy(axis, torch.arange(n) * stride, x)
    return x


def fold(net: Oracle, op: Any, x: Tensor) -> Tensor:
    """Each channel to its own place of the window over it."""
    k = per_axis(op.kernel, x.dim() - 2)
    taps = prod(k)
    weight = torch.eye(taps, dtype=torch.float64).reshape(taps, 1, *k).repeat(x.shape[1] // taps, *(1,) * (x.dim() - 1))
    s, d, p = (per_axis(v, x.dim() - 2) for v in (op.stride, op.dilation, op.padding))
    made = [(n - 1) * s[a] - 2 * p[a] + d[a] * (k[a] - 1) + 1 for a, n in enumerate(x.shape[2:])]
    return transposed(net, op, x, weight, [m - n for m, n in zip(op.size, made, strict=True)], x.shape[1] // taps)


def pool(net: Oracle, op: Any, x: Tensor) -> Tensor:
    """A sliding pool as a depthwise convolution of ones, on the units for which torch's own pool has room."""
    rank = x.dim() - 2
    k = per_axis(op.kernel, rank)
    s = k if op.stride is None else per_axis(op.stride, rank)
    d = per_axis(getattr(op, "dilation", 1), rank)
    sides = pads(op.padding, x.shape[2:], k, s, d)
    run = (TORCH_AVGPOOL if op.word == "avgpool" else TORCH_MAXPOOL)[rank - 1]
    more = {} if op.word == "avgpool" else {"dilation": d}
    if all(a == b and 2 * a <= k[i] for i, (a, b) in enumerate(sides)):
        size = run(x, k, s, [a for a, _ in sides], ceil_mode=op.ceil_mode, **more).shape[2:]
    else:
        size = run(net.pad(x, sides), k, s, 0, ceil_mode=op.ceil_mode, **more).shape[2:]
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


def attention(_: Oracle, __: Any, x: Tensor) -> Tensor:
    return x.mean().expand(x.shape)


def window_attention(net: Oracle, op: Any, x: Tensor) -> Tensor:
    """On each axis a unit sees those of its window that it was next to before the map was moved in a circle."""
    rank = x.dim() - 2
    for axis, (w, s) in enumerate(zip(per_axis(op.window, rank), per_axis(op.shift, rank), strict=True)):
        n = x.shape[2 + axis]
        s = s if n > w else 0
        padded = -(-n // w) * w
        at = torch.arange(n)
        window, moved = (at - s) % padded // w, at < s
        seen = (window[:, None] == window) & (moved[:, None] == moved)
        x = torch.einsum("...i,oi->...o", x.movedim(2 + axis, -1), seen.double()).movedim(-1, 2 + axis)
        edge = torch.zeros(n, dtype=torch.float64)
        edge[:w] = edge[-w:] = 1.0
        if x.requires_grad:
            x = x + net.padding * edge.reshape(-1, *(1,) * (rank - axis - 1))
    return x.mean(1, keepdim=True).expand(x.shape)


def linear(net: Oracle, op: Any, x: Tensor) -> Tensor:
    flat = torch.flatten(x, 1)
    return flat @ net.weight(op.out, flat.shape[1], ()).T


def flatten(_: Oracle, __: Any, x: Tensor) -> Tensor:
    return torch.flatten(x, 1)


def elementwise(net: Oracle, op: Any, *inputs: Tensor) -> Tensor:
    """A product for products and quotients, else a sum."""
    size = torch.broadcast_shapes(*(x.shape for x in inputs))
    terms = [net.global_path(x) if x.shape[2:] != size[2:] else x for x in inputs]
    product = op.word in ("mul", "div")
    value = gated(terms[0]) if product else terms[0]
    for x in terms[1:]:
        value = value * gated(x) if product else value + x
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


POINTWISE = ("bn", "relu", "relu6", "silu", "gelu", "hardswish", "hardsigmoid", "sigmoid", "tanh", "mish", "selu", "softplus")
POINTWISE += ("identity", "leakyrelu", "elu", "prelu", "dropout", "scale", "bias", "positions", "pointwise", "stored")
# Their statistics over positions do not count for the field.
POINTWISE += ("instancenorm", "gn")
LAYERS: dict[str, Callable[..., Tensor]] = {
    **dict.fromkeys(POINTWISE, identity),
    **dict.fromkeys(("conv", "dwconv"), conv),
    **dict.fromkeys(("maxpool", "avgpool"), pool),
    **dict.fromkeys(("adaptivepool", "adaptivemaxpool"), adaptive_pool),
    **dict.fromkeys(("gap", "gmp"), global_pool),
    **dict.fromkeys(ELEMENTWISE, elementwise),
    **dict.fromkeys(("softmax", "rmsnorm", "l2norm"), channel_mean),
    **dict.fromkeys(("pixelshuffle", "depthtospace"), depth_to_space),
    **dict.fromkeys(("pixelunshuffle", "spacetodepth"), space_to_depth),
    **dict.fromkeys(("slice", "chunk", "split"), select),
    "maskedconv": masked_conv,
    "localconv": local_conv,
    "upconv": upconv,
    "zerostuff": zero_stuff,
    "attention": attention,
    "windowattention": window_attention,
    "channelconv": channel_window,
    "take": take,
    "join": join,
    "roll": roll,
    "linear": linear,
    "flatten": flatten,
    "lrn": channel_band,
    "layernorm": layer_norm,
    "concat": concat,
    "upsample": upsample,
    "pad": pad,
    "crop": crop,
    "reorg": reorg,
    "patches": patches,
    "fold": fold,
    "rearrange": rearrange,
    "contract": contract,
    "channelshuffle": channel_shuffle,
    "se": squeeze_excite,
}
