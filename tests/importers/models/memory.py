"""Models whose memory only their run shows: what they overwrite, and how long they refer to a tensor."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Features(nn.Module):
    """Each feature stays in a list, though only the last is read."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(5))

    def forward(self, x: Tensor) -> Tensor:
        found = [x]
        for stage in self.stages:
            found.append(stage(found[-1]))
        return found[-1]


class Local(nn.Module):
    """A local name keeps a wide tensor to the end."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.narrow, self.last = nn.Conv2d(3, 16, 1), nn.Conv2d(16, 3, 1), nn.Conv2d(3, 12, 1)

    def forward(self, x: Tensor) -> Tensor:
        wide = self.wide(x)
        return self.last(self.narrow(wide))


class OutOfPlace(nn.Module):
    """Activations that overwrite nothing, one of which keeps its input for the backward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(functional.leaky_relu(self.conv(x), 0.1))


class Overwriting(OutOfPlace):
    """A sum that lies in the memory of its first operand."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x += x.mean((2, 3), keepdim=True)
        return x.relu_()


class Auxiliary(OutOfPlace):
    """Training has a head more."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        x = self.conv(x)
        return (x, self.head(x)) if self.training else x


class Targets(OutOfPlace):
    """Nobody can train it on images alone."""

    def forward(self, x: Tensor, targets: Tensor | None = None) -> Tensor:
        if self.training and targets is None:
            raise ValueError("targets are missing")
        return self.conv(x).relu()


class Circle(OutOfPlace):
    """A circle of references keeps a tensor until somebody looks for it."""

    def forward(self, x: Tensor) -> Tensor:
        circle: list[object] = [self.conv(x)]
        circle.append(circle)
        del circle
        return self.conv(self.conv.weight.new_ones(1, 3, 9, 9) * x.mean())


class Volumes(nn.Module):
    """A transposed convolution that makes volumes smaller."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.ConvTranspose3d(4, 2, (2, 2, 1), padding=(0, 1, 1), dilation=(2, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.up(x)
