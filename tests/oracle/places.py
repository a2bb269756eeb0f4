"""Layers that move numbers between places or mix channels of one place, as positive torch computations (see layers.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from .network import Oracle


def per_axis(value: Any, rank: int) -> tuple[Any, ...]:
    """One entry per axis."""
    return tuple(value) if isinstance(value, list | tuple) else (value,) * rank


def channel_band(_: Oracle, op: Any, x: Tensor) -> Tensor:
    """Local response normalization as the sum over the neighbouring channels that torch's own takes."""
    moved = F.pad(x.movedim(1, -1), (op.size // 2, (op.size - 1) // 2))
    return moved.unfold(-1, op.size, 1).sum(-1).movedim(-1, 1)


def channel_window(_: Oracle, op: Any, x: Tensor) -> Tensor:
    rows = x.movedim(1, -1)
    weight = torch.ones((1, 1, op.kernel), dtype=torch.float64)
    return F.conv1d(rows.reshape(-1, 1, x.shape[1]), weight, padding=op.kernel // 2).reshape(rows.shape).movedim(-1, 1)


def channel_mean(_: Oracle, __: Any, x: Tensor) -> Tensor:
    return x.mean(1, keepdim=True).expand_as(x)


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


def take(_: Oracle, op: Any, x: Tensor) -> Tensor:
    units = range(op.start, x.shape[1 + op.axis], op.step)[: op.count] if op.index is None else op.index
    return x.index_select(1 + op.axis, torch.tensor(list(units)))


def join(_: Oracle, op: Any, *inputs: Tensor) -> Tensor:
    return torch.cat(inputs, 1 + op.axis)


def roll(net: Oracle, op: Any, x: Tensor) -> Tensor:
    rank = x.dim() - 2
    for axis, by in enumerate(per_axis(op.shift, rank)):
        sides = [(max(by, 0), max(-by, 0)) if a == axis else (0, 0) for a in range(rank)]
        x = net.pad(x, sides, "circular").narrow(2 + axis, max(-by, 0), x.shape[2 + axis])
    return x


def layer_norm(net: Oracle, op: Any, x: Tensor) -> Tensor:
    return channel_mean(net, op, x) if op.over == "channels" else x


def patches(net: Oracle, op: Any, x: Tensor) -> Tensor:
    """Tap by tap, each as many channels: what a window of one unit reads there."""
    rank = x.dim() - 2
    k, s, d, p = (per_axis(v, rank) for v in (op.kernel, op.stride, op.dilation, op.padding))
    x = net.pad(x, [(side, side) for side in p])
    units = [(n - d[a] * (k[a] - 1) - 1) // s[a] + 1 for a, n in enumerate(x.shape[2:])]
    places = product(*(range(0, d[a] * k[a], d[a]) for a in range(rank)))
    taps = [x[(..., *(slice(at[a], at[a] + s[a] * (units[a] - 1) + 1, s[a]) for a in range(rank)))] for at in places]
    return torch.stack(taps, 2).flatten(1, 2)


# Layers told by named axes, by the number of spatial axes: how torch writes what the text says.
REARRANGED: dict[int, dict[str, Callable[[Tensor], Tensor]]] = {
    1: {
        "c (x j:3) -> (c j) x": lambda x: x.unflatten(2, (-1, 3)).transpose(2, 3).flatten(1, 2),
        "(c j:2) x -> c (x j)": lambda x: x.unflatten(1, (-1, 2)).transpose(2, 3).flatten(2),
        "c (j:2 x) -> c x": lambda x: x.unflatten(2, (2, -1)).mean(2),
    },
    2: {
        "c (y i:2) (x j:2) -> (i c j) y x": lambda x: (
            x.unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).permute(0, 3, 1, 5, 2, 4).flatten(1, 3)
        ),
        "(c i:2) y x -> c (y i) x": lambda x: x.unflatten(1, (-1, 2)).transpose(2, 3).flatten(2, 3),
        "c (i:2 y) x -> (c i) y x": lambda x: x.unflatten(2, (2, -1)).flatten(1, 2),
    },
}

# Products of two maps. Where a name of the second one's positions becomes channels, these are known together only.
CONTRACTED: dict[int, dict[str, str]] = {
    1: {"c x, c u -> u x": "zcx,zcu->zux", "c x, d x -> (c d) x": "zcx,zdx->zcdx"},
    2: {
        "c y x, c v u -> (v u) y x": "zcyx,zcvu->zvuyx",
        "c y x, c v x -> v y x": "zcyx,zcvx->zvyx",
        "c y x, d y x -> (d c) y x": "zcyx,zdyx->zdcyx",
    },
}


def rearrange(_: Oracle, op: Any, x: Tensor) -> Tensor:
    return REARRANGED[x.dim() - 2][op.pattern](x)


def contract(net: Oracle, op: Any, x: Tensor, y: Tensor) -> Tensor:
    """Factors are positive, as those of a gate."""
    rank = x.dim() - 2
    if spreads(op, y.shape[2:]):
        y = net.global_path(y)
    value = torch.einsum(CONTRACTED[rank][op.pattern], 1 + x / (1 + x), 1 + y / (1 + y))
    return value.flatten(1, -1 - rank)


def spreads(op: Any, size: Sequence[int] = (2, 2)) -> bool:
    """True if channels of a product read different positions of the second map, which has this size."""
    if op.word != "contract":
        return False
    axes = op.pattern.split("->")[0].split(",")[1].split()[1:]
    return any(n > 1 and name in "uv" for n, name in zip(size, axes, strict=False))
