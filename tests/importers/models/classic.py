"""The families of convolutional networks, small: residual, dense, inception, shuffle, pyramids, video, and their parts."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def conv(wide: int, out: int, kernel: int = 3, stride: int = 1, **more: int) -> nn.Sequential:
    padding = more.pop("padding", more.get("dilation", 1) * (kernel - 1) // 2)
    return nn.Sequential(nn.Conv2d(wide, out, kernel, stride, padding, bias=False, **more), nn.BatchNorm2d(out), nn.ReLU(True))


class Residual(nn.Module):
    """A stem, a plain block, and a bottleneck with stride and projection."""

    class Block(nn.Module):
        def __init__(self, wide: int, out: int, stride: int) -> None:
            super().__init__()
            self.a, self.b = conv(wide, out // 2, 1), conv(out // 2, out // 2, 3, stride)
            self.c, self.norm = nn.Conv2d(out // 2, out, 1), nn.BatchNorm2d(out)
            self.project = nn.Conv2d(wide, out, 1, stride) if stride > 1 or wide != out else None

        def forward(self, x: Tensor) -> Tensor:
            skip = x if self.project is None else self.project(x)
            out = self.norm(self.c(self.b(self.a(x))))
            out += skip
            return F.relu(out, inplace=True)

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv(3, 8, 7, 2), nn.MaxPool2d(3, 2, 1))
        self.layers = nn.Sequential(Residual.Block(8, 8, 1), Residual.Block(8, 16, 2), Residual.Block(16, 16, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(self.stem(x))


class Classifier(Residual):
    """The same with pooling, a flatten and a linear layer."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.pool, self.fc = nn.AdaptiveAvgPool2d((1, 1)), nn.Linear(16, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.flatten(self.pool(super().forward(x)), 1))


class Dense(nn.Module):
    """Every layer reads all earlier ones; a transition halves."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(conv(4 + 3 * i, 3) for i in range(4))
        self.transition = nn.Sequential(conv(16, 8, 1), nn.AvgPool2d(2))

    def forward(self, x: Tensor) -> Tensor:
        features = [F.pad(x, (0, 0, 0, 0, 0, 1))]
        for layer in self.layers:
            features.append(layer(torch.cat(features, 1)))
        return self.transition(torch.cat(features, dim=1))


class Inception(nn.Module):
    """Branches of different size, factorized kernels, a pooled branch."""

    def __init__(self) -> None:
        super().__init__()
        self.one = conv(3, 4, 1)
        self.three = nn.Sequential(conv(3, 4, 1), conv(4, 4, 3))
        self.wide = nn.Sequential(nn.Conv2d(3, 4, (1, 7), padding=(0, 3)), nn.Conv2d(4, 4, (7, 1), padding=(3, 0)))
        self.pool = nn.Sequential(nn.AvgPool2d(3, 1, 1, count_include_pad=False), conv(3, 4, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.one(x), self.three(x), self.wide(x), self.pool(x)], 1)


class Shuffle(nn.Module):
    """Half of the channels pass, the other half is worked on; then they are shuffled."""

    class Unit(nn.Module):
        def __init__(self, half: int) -> None:
            super().__init__()
            self.body = nn.Sequential(
                conv(half, half, 1), nn.Conv2d(half, half, 3, padding=1, groups=half), conv(half, half, 1)
            )

        def forward(self, x: Tensor) -> Tensor:
            left, right = x.chunk(2, dim=1)
            x = torch.cat((left, self.body(right)), dim=1)
            b, c, h, w = x.size()
            return x.view(b, 2, c // 2, h, w).transpose(1, 2).contiguous().view(b, c, h, w)

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(3, 8, 3, 2)
        self.units = nn.Sequential(*(Shuffle.Unit(4) for _ in range(3)))

    def forward(self, x: Tensor) -> Tensor:
        return self.units(self.stem(x))


class SqueezeExcitation(nn.Module):
    """Channels weighted by what the whole map says."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.down, self.up = conv(3, 8), nn.Linear(8, 2), nn.Linear(2, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        weight = torch.sigmoid(self.up(F.relu(self.down(x.mean((2, 3))))))
        return x * weight[:, :, None, None]


class Mobile(nn.Module):
    """Inverted residuals with depthwise convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.up, self.down = conv(3, 4, 3, 2), conv(4, 16, 1), nn.Conv2d(16, 4, 1)
        self.deep = nn.Sequential(nn.Conv2d(16, 16, 5, 1, 2, groups=16), nn.BatchNorm2d(16), nn.Hardswish())
        self.act = nn.ReLU6()

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return x + self.down(self.deep(self.act(self.up(x))))


class Pyramid(nn.Module):
    """Dilated branches and image-level features, as in DeepLab."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(3, 6, 3, 2)
        self.branches = nn.ModuleList([conv(6, 4, 1), conv(6, 4, 3, dilation=2), conv(6, 4, 3, dilation=4)])
        self.image = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(6, 4, 1), nn.ReLU())
        self.project = conv(16, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        size, x = x.shape[-2:], self.stem(x)
        found = [branch(x) for branch in self.branches]
        found.append(F.interpolate(self.image(x), size=x.shape[-2:], mode="bilinear", align_corners=False))
        return F.interpolate(self.project(torch.cat(found, 1)), size=size, mode="bilinear", align_corners=False)


class DilatedPyramid(Pyramid):
    """The same without the image-level branch: local, with holes."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return torch.cat([branch(x) for branch in self.branches], 1)


class FeaturePyramid(nn.Module):
    """Top-down with lateral connections; a dict of maps."""

    def __init__(self) -> None:
        super().__init__()
        self.c2, self.c3, self.c4 = conv(3, 4, 3, 2), conv(4, 6, 3, 2), conv(6, 8, 3, 2)
        self.lateral = nn.ModuleList([nn.Conv2d(4, 5, 1), nn.Conv2d(6, 5, 1), nn.Conv2d(8, 5, 1)])
        self.smooth = nn.ModuleList([nn.Conv2d(5, 5, 3, padding=1) for _ in range(3)])

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        c2 = self.c2(x)
        c3 = self.c3(c2)
        maps = [c2, c3, self.c4(c3)]
        last = self.lateral[2](maps[2])
        found = {"p4": self.smooth[2](last)}
        for i in (1, 0):
            side = self.lateral[i](maps[i])
            last = side + F.interpolate(last, size=side.shape[-2:], mode="nearest")
            found[f"p{i + 2}"] = self.smooth[i](last)
        return found


class UNet(nn.Module):
    """Valid convolutions, cropped skips, transposed convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.middle = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 8, 3)
        self.up, self.out = nn.ConvTranspose2d(8, 4, 2, stride=2), nn.Conv2d(8, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        skip = torch.relu(self.down(x))
        x = self.up(torch.relu(self.middle(F.max_pool2d(skip, 2))))
        dy, dx = (skip.shape[2] - x.shape[2]) // 2, (skip.shape[3] - x.shape[3]) // 2
        skip = skip[:, :, dy : dy + x.shape[2], dx : dx + x.shape[3]]
        return self.out(torch.cat([skip, x], 1))


class Video(nn.Module):
    """3-D and (2+1)-D convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv3d(3, 4, (3, 5, 5), (1, 2, 2), (1, 2, 2)), nn.BatchNorm3d(4), nn.ReLU())
        self.space, self.time = nn.Conv3d(4, 6, (1, 3, 3), padding=(0, 1, 1)), nn.Conv3d(6, 4, (3, 1, 1), padding=(1, 0, 0))
        self.pool = nn.MaxPool3d((1, 2, 2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return self.pool(x + self.time(self.space(x)))


class Res2(nn.Module):
    """Groups of channels that see different fields."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.parts = conv(3, 8, 1), nn.ModuleList(conv(2, 2) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        first, *rest = torch.split(self.stem(x), 2, 1)
        found, last = [first], None
        for part, piece in zip(self.parts, rest, strict=True):
            last = part(piece if last is None else last + piece)
            found.append(last)
        return torch.cat(found, 1)


class Csp(nn.Module):
    """Cross-stage partial: slices of channels instead of chunks, and an SPP by repeated pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.body, self.pool = conv(3, 8, 6, 2, padding=2), conv(4, 4), nn.MaxPool2d(5, 1, 2)
        self.out = conv(20, 6, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        a, b = x[:, :4], x[:, 4:]
        b = b + self.body(b)
        pools = [b]
        for _ in range(3):
            pools.append(self.pool(pools[-1]))
        return self.out(torch.cat([a, *pools], 1))
