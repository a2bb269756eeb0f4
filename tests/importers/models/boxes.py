"""A detector whose second stage depends on what the first one finds."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
        self.scores = nn.Conv2d(8, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.scores(self.tower(x))


class Proposals(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = Head()

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        scores = [self.head(x), self.head(y)]
        flat = torch.cat([each.flatten() for each in scores])
        if flat.max() > 0.5:
            return flat[flat > 0.5]
        return flat


class Detector(nn.Module):
    """The second stage runs on what the first one finds."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.down = nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.proposals = Proposals()
        self.second = nn.Linear(1, 4)

    def forward(self, x: Tensor) -> Tensor:
        image = torch.zeros_like(x)
        image[:, :, :-1].copy_(x[:, :, 1:])
        x = self.stem(image)
        found = self.proposals(x, self.down(x))
        return self.second(found[:, None])
