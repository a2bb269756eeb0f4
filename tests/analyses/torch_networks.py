"""ResNet, VGG16 and MobileNetV2 as torch modules, written from the papers: what the analyses are measured against."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Basic(nn.Module):
    """ResNet's block of two 3x3 convolutions."""

    expansion = 1

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = projection(channels, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += self.downsample(x) if self.downsample is not None else x
        return self.relu(out)


class Bottleneck(nn.Module):
    """ResNet's block of a 1x1, a 3x3 (which strides) and a 1x1 convolution."""

    expansion = 4

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = projection(channels, 4 * width, stride)

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += self.downsample(x) if self.downsample is not None else x
        return self.relu(out)


def projection(channels: int, out: int, stride: int) -> nn.Module | None:
    """The 1x1 convolution of a skip whose shape changes."""
    if channels == out and stride == 1:
        return None
    return nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))


class ResNet(nn.Module):
    """He 2015, with the stride on the 3x3."""

    def __init__(self, block: type[Basic] | type[Bottleneck], counts: list[int]) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        )
        blocks: list[nn.Module] = []
        channels = 64
        for stage, count in enumerate(counts):
            for i in range(count):
                blocks.append(block(channels, 64 << stage, 2 if stage and not i else 1))
                channels = (64 << stage) * block.expansion
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.flatten(self.pool(self.blocks(self.stem(x))), 1))


class VGG16(nn.Module):
    """Simonyan 2014, configuration D."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for width, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
            for _ in range(count):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
                channels = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(7)
        head: list[nn.Module] = []
        for wide, out in ((512 * 49, 4096), (4096, 4096)):
            head += [nn.Linear(wide, out), nn.ReLU(inplace=True), nn.Dropout()]
        self.classifier = nn.Sequential(*head, nn.Linear(4096, 1000))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(torch.flatten(self.pool(self.features(x)), 1))


def conv_bn(channels: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """Convolution, batch norm, ReLU6."""
    conv = nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(out), nn.ReLU6(inplace=True)]


class Inverted(nn.Module):
    """MobileNetV2's block: expand, depthwise, project; the skip where the shape is kept."""

    def __init__(self, channels: int, out: int, stride: int, ratio: int) -> None:
        super().__init__()
        wide = channels * ratio
        expand = conv_bn(channels, wide, 1) if ratio != 1 else []
        last = [nn.Conv2d(wide, out, 1, bias=False), nn.BatchNorm2d(out)]
        self.body = nn.Sequential(*expand, *conv_bn(wide, wide, 3, stride, wide), *last)
        self.skip = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.skip else self.body(x)


class MobileNetV2(nn.Module):
    """Sandler 2018."""

    def __init__(self) -> None:
        super().__init__()
        layers = conv_bn(3, 32, 3, 2)
        channels = 32
        stages = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
        for ratio, out, count, stride in stages:
            for i in range(count):
                layers.append(Inverted(channels, out, stride if not i else 1, ratio))
                channels = out
        self.features = nn.Sequential(*layers, *conv_bn(320, 1280, 1))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 1000))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(torch.flatten(self.pool(self.features(x)), 1))


NETWORKS = {
    "resnet18": lambda: ResNet(Basic, [2, 2, 2, 2]),
    "resnet50": lambda: ResNet(Bottleneck, [3, 4, 6, 3]),
    "resnet152": lambda: ResNet(Bottleneck, [3, 8, 36, 3]),
    "vgg16": VGG16,
    "mobilenet_v2": MobileNetV2,
}
