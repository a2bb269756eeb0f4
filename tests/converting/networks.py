"""Networks as people write them in torch, whose spec the tests compare with the one that a person would write."""

from __future__ import annotations

from torch import Tensor, nn


class Bottleneck(nn.Module):
    def __init__(self, inside: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inside, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride > 1 or inside != 4 * width:
            self.downsample = nn.Sequential(nn.Conv2d(inside, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """ResNet-50, and with depth=152 the deeper one."""

    def __init__(self, depth: int = 50) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.relu, self.maxpool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        inside, self.stages = 64, []
        for number, count in enumerate({50: (3, 4, 6, 3), 152: (3, 8, 36, 3)}[depth]):
            width, blocks = 64 << number, []
            for i in range(count):
                blocks.append(Bottleneck(inside, width, 2 if number and not i else 1))
                inside = 4 * width
            setattr(self, f"layer{number + 1}", nn.Sequential(*blocks))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(inside, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


def deep() -> nn.Module:
    """ResNet-152."""
    return ResNet(152)


def activated(inside: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(inside, out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out), nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    def __init__(self, inside: int, out: int, stride: int, expand: int) -> None:
        super().__init__()
        wide, layers = inside * expand, []
        if expand > 1:
            layers.append(activated(inside, wide, 1))
        layers += [activated(wide, wide, 3, stride, wide), nn.Conv2d(wide, out, 1, bias=False), nn.BatchNorm2d(out)]
        self.conv, self.shortcut = nn.Sequential(*layers), stride == 1 and inside == out

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.shortcut else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        stages = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
        layers, inside = [activated(3, 32, 3, 2)], 32
        for expand, out, count, stride in stages:
            for i in range(count):
                layers.append(InvertedResidual(inside, out, 1 if i else stride, expand))
                inside = out
        self.features = nn.Sequential(*layers, activated(inside, 1280, 1))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 1000))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean([2, 3]))


class Inception(nn.Module):
    def __init__(self, inside: int, outs: tuple[int, ...]) -> None:
        super().__init__()
        self.branch1 = activated(inside, outs[0], 1)
        self.branch2 = nn.Sequential(activated(inside, outs[1], 1), activated(outs[1], outs[2], 3))
        self.branch3 = nn.Sequential(nn.MaxPool2d(3, 1, 1), activated(inside, outs[3], 1))

    def forward(self, x: Tensor) -> Tensor:
        import torch

        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x)], 1)


class Inceptions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = activated(3, 16, 3, 2)
        self.mixed1, self.mixed2 = Inception(16, (8, 8, 16, 8)), Inception(32, (16, 8, 24, 8))
        self.mixed3 = Inception(48, (16, 8, 32, 16))

    def forward(self, x: Tensor) -> Tensor:
        return self.mixed3(self.mixed2(self.mixed1(self.stem(x))))


class Tied(nn.Module):
    """One convolution used twice: the second use counts no parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.body = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(self.body(self.first(x)).relu())
