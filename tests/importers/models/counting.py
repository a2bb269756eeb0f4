"""Models that tell what they are called with, and a list of images."""

from __future__ import annotations

from torch import Tensor, nn


class Counting(nn.Module):
    def __init__(self, channels: int = 4) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()

    def forward(self, image: Tensor) -> Tensor:
        print("called", type(image).__name__, tuple(image.shape), image.dtype, image.device, type(self.conv.weight).__name__)
        return self.relu(self.norm(self.conv(image)))


class Listed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, images: list[Tensor], *, guide: Tensor) -> Tensor:
        print("called", len(images), tuple(images[0].shape), tuple(guide.shape))
        return sum((self.conv(image[None]) for image in images), self.conv(guide))


LIVE = Counting(5)
