"""Reference networks as plain torch modules, from the papers, with the names that torchvision (U-Net: the spec) gives.

They share no code with rfcalc. `spec_name` gives the layer of the spec that a module of the reference stands for.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import torch
from torch import Tensor, nn


class Block(nn.Module):
    """A residual block: two 3x3, or with `wide` 4 a 1x1, a 3x3 that strides, and a 1x1 to four times the channels."""

    def __init__(self, channels: int, width: int, stride: int, wide: int) -> None:
        super().__init__()
        out = width * wide
        kernels = [(channels, width, 3, stride), (width, out, 3, 1)]
        if wide == 4:
            kernels = [(channels, width, 1, 1), (width, width, 3, stride), (width, out, 1, 1)]
        for i, (c, o, k, s) in enumerate(kernels, 1):
            self.add_module(f"conv{i}", nn.Conv2d(c, o, k, s, k // 2, bias=False))
            self.add_module(f"bn{i}", nn.BatchNorm2d(o))
        self.depth = len(kernels)
        self.downsample: nn.Module | None = None
        if stride > 1 or channels != out:
            self.downsample = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for i in range(1, self.depth + 1):
            y = self.get_submodule(f"bn{i}")(self.get_submodule(f"conv{i}")(y))
            y = torch.relu(y) if i < self.depth else y
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """He et al. 2015, table 1; the stride of a bottleneck on its 3x3."""

    def __init__(self, counts: tuple[int, ...], wide: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        channels = 64
        for stage, count in enumerate(counts):
            width, blocks = 64 * 2**stage, []
            for i in range(count):
                blocks.append(Block(channels, width, 2 if stage and i == 0 else 1, wide))
                channels = width * wide
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        for stage in range(1, 5):
            x = self.get_submodule(f"layer{stage}")(x)
        return self.fc(x.mean((2, 3)))


class VGG16(nn.Module):
    """Simonyan and Zisserman 2014, configuration D."""

    def __init__(self) -> None:
        super().__init__()
        self.features, self.classifier = nn.Sequential(), nn.Sequential()
        channels = 3
        for stage, (width, count) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
            for i in range(1, count + 1):
                self.features.add_module(f"conv{stage}_{i}", nn.Conv2d(channels, width, 3, padding=1))
                self.features.append(nn.ReLU())
                channels = width
            self.features.append(nn.MaxPool2d(2))
        for i, (wide, out) in enumerate(((512 * 7 * 7, 4096), (4096, 4096), (4096, 1000)), 6):
            self.classifier.add_module(f"fc{i}", nn.Linear(wide, out))
            self.classifier.append(nn.ReLU() if i < 8 else nn.Identity())

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).flatten(1))


class Inverted(nn.Module):
    """MobileNetV2's block: expand, filter each channel, project; the sum where the shape stays."""

    def __init__(self, channels: int, out: int, stride: int, ratio: int) -> None:
        super().__init__()
        wide = channels * ratio
        self.conv = nn.Sequential()
        if ratio > 1:
            self.conv.append(conv_bn(channels, wide, 1))
        self.conv.append(conv_bn(wide, wide, 3, stride, wide))
        self.conv.extend((nn.Conv2d(wide, out, 1, bias=False), nn.BatchNorm2d(out)))
        self.same = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.same else self.conv(x)


def conv_bn(channels: int, out: int, k: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution, batch norm, ReLU6."""
    conv = nn.Conv2d(channels, out, k, stride, k // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out), nn.ReLU6())


class MobileNetV2(nn.Module):
    """Sandler et al. 2018, table 2: expansion, channels, blocks, stride."""

    ROWS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(conv_bn(3, 32, 3, 2))
        channels = 32
        for ratio, out, count, stride in self.ROWS:
            for i in range(count):
                self.features.append(Inverted(channels, out, stride if i == 0 else 1, ratio))
                channels = out
        self.features.append(conv_bn(channels, 1280, 1))
        self.classifier = nn.Linear(1280, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean((2, 3)))


class UNet(nn.Module):
    """Ronneberger et al. 2015, figure 1."""

    WIDTHS = (64, 128, 256, 512)

    def __init__(self) -> None:
        super().__init__()
        channels = 1
        for level, width in enumerate(self.WIDTHS, 1):
            self.add_module(f"down{level}", double(channels, width))
            channels = width
        self.bottom = double(512, 1024)
        for level, width in reversed(tuple(enumerate(self.WIDTHS, 1))):
            up = nn.ModuleDict({"upconv": nn.ConvTranspose2d(2 * width, width, 2, 2), **double(2 * width, width)})
            self.add_module(f"up{level}", up)
        self.out = nn.Conv2d(64, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        copies = []
        for level in range(1, 5):
            x = twice(self.get_submodule(f"down{level}"), x)
            copies.append(x)
            x = nn.functional.max_pool2d(x, 2)
        x = twice(self.bottom, x)
        for level in range(4, 0, -1):
            part = self.get_submodule(f"up{level}")
            x = part.get_submodule("upconv")(x)
            copy = copies[level - 1]
            cut = (copy.shape[-1] - x.shape[-1]) // 2
            x = twice(part, torch.cat([copy[:, :, cut : cut + x.shape[-2], cut : cut + x.shape[-1]], x], 1))
        return self.out(x)


class UNet3D(nn.Module):
    """Cicek et al. 2016, figure 2: twice the channels before each pool, batch norm before each ReLU."""

    def __init__(self) -> None:
        super().__init__()
        channels = 3
        for level, width in enumerate((32, 64, 128), 1):
            self.add_module(f"down{level}", volumes(channels, width, 2 * width))
            channels = 2 * width
        self.bottom = volumes(256, 256, 512)
        for level, width in ((3, 256), (2, 128), (1, 64)):
            up = nn.ConvTranspose3d(2 * width, 2 * width, 2, 2, bias=False)
            self.add_module(f"up{level}", nn.ModuleDict({"upconv": up, **volumes(3 * width, width, width)}))
        self.out = nn.Conv3d(64, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        copies = []
        for level in (1, 2, 3):
            copies.append(normed(self.get_submodule(f"down{level}"), x))
            x = nn.functional.max_pool3d(copies[-1], 2)
        x = normed(self.bottom, x)
        for level in (3, 2, 1):
            part = self.get_submodule(f"up{level}")
            x, copy = part.get_submodule("upconv")(x), copies.pop()
            low = [(a - b) // 2 for a, b in zip(copy.shape[2:], x.shape[2:], strict=True)]
            z, y, w = (slice(a, a + b) for a, b in zip(low, x.shape[2:], strict=True))
            x = normed(part, torch.cat([copy[:, :, z, y, w], x], 1))
        return self.out(x)


def volumes(channels: int, first: int, second: int) -> nn.ModuleDict:
    """Two unpadded 3x3x3 convolutions with batch norm."""
    found = {"conv1": nn.Conv3d(channels, first, 3), "conv1_bn": nn.BatchNorm3d(first)}
    return nn.ModuleDict({**found, "conv2": nn.Conv3d(first, second, 3), "conv2_bn": nn.BatchNorm3d(second)})


def normed(part: nn.Module, x: Tensor) -> Tensor:
    """The two convolutions of a level, each with its batch norm and ReLU."""
    for name in ("conv1", "conv2"):
        x = torch.relu(part.get_submodule(f"{name}_bn")(part.get_submodule(name)(x)))
    return x


def double(channels: int, width: int) -> nn.ModuleDict:
    """Two unpadded 3x3 convolutions."""
    return nn.ModuleDict({"conv1": nn.Conv2d(channels, width, 3), "conv2": nn.Conv2d(width, width, 3)})


def twice(part: nn.Module, x: Tensor) -> Tensor:
    """The two convolutions of a level, each with its ReLU."""
    return torch.relu(part.get_submodule("conv2")(torch.relu(part.get_submodule("conv1")(x))))


def resnet_name(name: str) -> str:
    """torchvision's `layer1.0.bn2` and `layer1.0.downsample.1` are the spec's `layer1.0.conv2_bn`, `..downsample_bn`."""
    name = re.sub(r"downsample\.(\d)", lambda m: ("downsample", "downsample_bn")[int(m[1])], name)
    return re.sub(r"bn(\d)", r"conv\1_bn", name)


def mobilenet_name(name: str) -> str:
    """torchvision's `features.5.conv.0.1` is the spec's `stage3.1.expand_bn`."""
    first = [1 + sum(row[2] for row in MobileNetV2.ROWS[:i]) for i in range(len(MobileNetV2.ROWS))]
    found = re.fullmatch(r"features\.(\d+)\.(?:conv\.)?(\d)(?:\.(\d))?", name)
    if found is None:
        return name
    block, part, inner = int(found[1]), int(found[2]), found[3]
    if block in (0, 18):
        return ("conv_first" if block == 0 else "conv_last") + ("", "_bn", "")[part]
    stage = max(i for i, start in enumerate(first) if start <= block)
    words = ("depthwise", "project", "project_bn") if stage == 0 else ("expand", "depthwise", "project", "project_bn")
    return f"stage{stage + 1}.{block - first[stage]}.{words[part]}{'_bn' if inner == '1' else ''}"


def last_part(name: str) -> str:
    """torch groups VGG's layers under `features` and `classifier`; the spec does not."""
    return name.rsplit(".", 1)[-1]


# spec: (network, input, the spec's name of a module)
NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], Callable[[str], str]]] = {
    "resnet18": (lambda: ResNet((2, 2, 2, 2), 1), (1, 3, 224, 224), resnet_name),
    "resnet34": (lambda: ResNet((3, 4, 6, 3), 1), (1, 3, 224, 224), resnet_name),
    "resnet50": (lambda: ResNet((3, 4, 6, 3), 4), (1, 3, 224, 224), resnet_name),
    "resnet152": (lambda: ResNet((3, 8, 36, 3), 4), (1, 3, 224, 224), resnet_name),
    "vgg16": (VGG16, (1, 3, 224, 224), last_part),
    "mobilenet_v2": (MobileNetV2, (1, 3, 224, 224), mobilenet_name),
    "unet": (UNet, (1, 1, 572, 572), str),
    "unet3d": (UNet3D, (1, 3, 132, 132, 116), str),
}
