"""Masks that are stored in the model or in its code: what they set is not read."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Triangle(nn.Module):
    """The lower triangle of each map."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.tril(x)


class Causal(nn.Module):
    """Attention in which a token sees those before it, written out as people write it."""

    mask: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(8, 24)
        self.register_buffer("mask", torch.tril(torch.ones(16, 16)))

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        q, k, v = self.qkv(tokens).chunk(3, 2)
        seen = (q @ k.transpose(1, 2)).masked_fill(self.mask == 0, float("-inf")).softmax(-1)
        return (seen @ v).transpose(1, 2)


class Chosen(nn.Module):
    """A stored mask chooses between the map and zero."""

    mask: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", torch.tril(torch.ones(4, 4)) > 0)

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(self.mask, x, 0.0)


class Loose(nn.Module):
    """A mask that depends on the image is none that is stored."""

    def forward(self, x: Tensor) -> Tensor:
        return x.masked_fill(x < 0, 0.0)
