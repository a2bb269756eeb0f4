"""Layers that move numbers between places or mix channels of one place, as positive torch computations (see layers.py)."""

from __future__ import annotations

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
