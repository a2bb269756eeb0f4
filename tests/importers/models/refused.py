"""Models that cannot be followed, or not exactly; and callables that make no model."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LIBRARY = torch.library.Library("refused", "DEF")
LIBRARY.define("blur(Tensor x, Tensor weight) -> Tensor")
torch.library.register_fake("refused::blur", lambda x, weight: torch.empty_like(x), lib=LIBRARY)
# as torchvision's, which is there only where its compiled operators are
LIBRARY.define("deform_conv2d(Tensor x, Tensor weight, Tensor offset) -> Tensor")
torch.library.register_fake("refused::deform_conv2d", lambda x, weight, _: F.conv2d(x, weight, padding=1), lib=LIBRARY)


class Cumulative(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.cumsum(-1)


class Sampled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.offsets, self.out = nn.Conv2d(3, 2, 3, padding=1), nn.Conv2d(3, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        grid = self.offsets(x).permute(0, 2, 3, 1)
        return self.out(F.grid_sample(x, grid, align_corners=False))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.lstm, self.out = nn.Conv1d(3, 4, 3), nn.LSTM(4, 6, batch_first=True), nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.lstm(self.conv(x).transpose(1, 2))[0])


class Gated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(4, 6, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.gru(x.permute(2, 0, 1))[0][-1]


class Deformed(nn.Module):
    """A convolution whose taps move by offsets that it computes."""

    def __init__(self) -> None:
        super().__init__()
        self.offsets, self.weight = nn.Conv2d(3, 18, 3, padding=1), nn.Parameter(torch.ones(4, 3, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.refused.deform_conv2d(x, self.weight, self.offsets(x))


class Spectral(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.rfft2(x).abs()


class Ranked(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.topk(2, 1)[0]


class Dynamic(nn.Module):
    """A convolution whose weight depends on the image."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Linear(3, 108)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.kernel(x.mean((2, 3))).view(4, 3, 3, 3), padding=1)


class Blur(nn.Module):
    """An operator of somebody's own, with a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.conv = nn.Parameter(torch.ones(5)), nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(torch.ops.refused.blur(x, self.weight))


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(7))

    def forward(self, x: Tensor) -> Tensor:
        return x.sort(1)[0] * self.weight.sum()


class Nested(nn.Module):
    """A layer of somebody's own within another one."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.body = nn.Conv2d(3, 3, 3, stride=2), nn.Sequential(Inner(), nn.Conv2d(3, 4, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(self.stem(x))


class Columns(nn.Module):
    """Takes some keys of a matrix of attention: what each of them reads is not told apart."""

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.einsum("bchw,bcij->bhwij", x, x).flatten(3)
        return weights[..., :3]


class Branch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return x
        return -x


class Item(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * x.max().item()


class Selected(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[x > 0].mean()


class WrongSize(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Broken(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        raise ValueError("no such width")


class Needs(nn.Module):
    def __init__(self, width: int, *, depth: int, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, width, depth, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Lazy(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 4, 3), nn.LazyConv2d(5, 3))


class Deaf(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * 2


def number() -> int:
    return 3


def leaves() -> Any:
    raise SystemExit(3)


MODULE = nn.Conv2d(3, 4, 3)
