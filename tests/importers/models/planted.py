"""One network with a bit of everything, into which mistakes are planted."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Planted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.pool = nn.MaxPool2d(3, 1, 1)
        self.row = nn.Conv2d(8, 8, (1, 3), padding=(0, 1), groups=2)
        self.far = nn.Conv2d(8, 8, 3, padding=2, dilation=2, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.left = nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect")
        self.right = nn.Conv2d(4, 4, 1)
        self.mix = nn.Conv2d(8, 8, 1)
        self.shuffle = nn.ChannelShuffle(4)
        self.up = nn.Upsample(scale_factor=2)
        self.head = nn.Conv2d(8, 5, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.stem(x).relu_())
        x = x + F.silu(self.norm(self.far(self.row(x))))
        left, right = x.chunk(2, 1)
        x = torch.cat([self.left(left), self.right(right)], 1)
        x = self.shuffle(self.mix(x)) * x.mean((2, 3), keepdim=True).sigmoid()
        return self.head(torch.roll(self.up(x), 1, 2))
