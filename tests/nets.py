"""Small networks written layer by layer, for tests that need a graph of their own."""

from __future__ import annotations

from typing import Any

from rfcalc.graph import Builder, Graph
from rfcalc.layers.vocabulary.source import Input
from rfcalc.layers.words import make
from rfcalc.relations.shape import Shape


class Net:
    """A graph that grows by calls: `x = net("conv", x, out=4, kernel=3)` adds a layer and gives its index."""

    def __init__(self, channels: int, size: tuple[int, ...]) -> None:
        self.builder = Builder("net", "net")
        index = self.builder.add("input", Input(Shape(channels, size)))
        assert index is not None
        self.input = self.last = index

    def __call__(self, word: str, *inputs: int, name: str = "", **settings: Any) -> int:
        sources = inputs or (self.last,)
        index = self.builder.add(name or f"{word}{len(self.builder.nodes)}", make(word, **settings), sources)
        assert index is not None, self.builder.problems
        self.last = index
        return index

    def graph(self, *outputs: int) -> Graph:
        return self.builder.graph(outputs or [self.last])


def chain(size: tuple[int, ...], *layers: tuple[str, dict[str, Any]], channels: int = 1) -> Graph:
    """Layers one after the other."""
    net = Net(channels, size)
    for word, settings in layers:
        net(word, **settings)
    return net.graph()


def unet(size: int, levels: int = 4, up: str = "upconv", width: int = 1) -> Graph:
    """A padded U-Net: two 3x3 convolutions per level, 2x2 pools, and on the way up a 2x2 transposed convolution with stride 2
    (or nearest upsampling and a 1x1 convolution), a concatenation and two convolutions. All layers have biases."""
    net = Net(1, (size, size))
    skips = []
    for level in range(levels):
        skips.append(_double(net, width << level))
        net("maxpool", kernel=2)
    _double(net, width << levels)
    for level in reversed(range(levels)):
        if up == "upconv":
            x = net("upconv", out=width << level, kernel=2, stride=2)
        else:
            net("upsample", scale=2.0, mode=up)
            x = net("conv", out=width << level, kernel=1)
        net("concat", skips[level], x)
        _double(net, width << level)
    net("conv", out=1, kernel=1)
    return net.graph()


def _double(net: Net, out: int) -> int:
    for _ in range(2):
        net("conv", out=out, kernel=3)
        net("relu")
    return net.last


def residual(size: int, blocks: int, project: tuple[int, ...] = ()) -> Graph:
    """A stem and basic residual blocks of two 3x3 convolutions; blocks in `project` have stride 2 and a 1x1 shortcut."""
    net = Net(1, (size, size))
    x = net("conv", out=2, kernel=3)
    for block in range(blocks):
        stride = 2 if block in project else 1
        skip = net("conv", x, out=2, kernel=1, stride=2) if block in project else x
        net("conv", x, out=2, kernel=3, stride=stride)
        net("relu")
        net("conv", out=2, kernel=3)
        x = net("add", net.last, skip)
        x = net("relu", x)
    return net.graph()
