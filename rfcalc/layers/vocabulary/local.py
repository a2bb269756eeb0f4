"""Convolution whose weights are not shared: each position has its own."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Bool, Int, PerAxis, setting
from rfcalc.layers.traits import LayerKind, Sliding
from rfcalc.layers.vocabulary.conv import PADDING, PADDING_HELP, convolved
from rfcalc.record import record
from rfcalc.relations.channels import MIX
from rfcalc.relations.geometry import PaddingMode, Side
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape, Shapes

HELPER = '''class LocalConv(nn.Module):
    """A convolution whose weights and biases are other ones at each position."""

    def __init__(self, channels, out, size, kernel, stride, pads, bias):
        super().__init__()
        self.pads, self.windows, self.size = pads, tuple(zip(kernel, stride)), size
        taps, places = channels * math.prod(kernel), math.prod(size)
        self.weight = nn.Parameter(torch.randn(places, taps, out) / taps**0.5)
        self.bias = nn.Parameter(torch.zeros(out, *size)) if bias else None

    def forward(self, x):
        batch, rank = x.shape[0], len(self.size)
        x = F.pad(x, self.pads) if any(self.pads) else x
        for axis, (kernel, stride) in enumerate(self.windows, 2):
            x = x.unfold(axis, kernel, stride)
        x = x.permute(*range(2, rank + 2), 0, 1, *range(rank + 2, 2 * rank + 2)).clone(memory_format=torch.contiguous_format)
        x = torch.bmm(x.view(len(self.weight), batch, -1), self.weight)
        x = x.permute(1, 2, 0).view(batch, -1, *self.size)
        return x if self.bias is None else x + self.bias'''


@record
class LocalConv(Op):
    """A convolution with weights of its own at each position (locally connected); it ties the network to its input size."""

    word: ClassVar[str] = "localconv"
    kind: ClassVar[LayerKind] = LayerKind.CONVOLUTION
    main: ClassVar[str] = "out"
    example: ClassVar[tuple[str, ...]] = ("{out: 8, k: 3}", "16x7x7")

    out: int = setting(Int(), help="output channels")
    kernel: int | tuple[int, ...] = setting(PerAxis(Int()), "k", help="kernel size")
    stride: int | tuple[int, ...] = setting(PerAxis(Int()), "s", default=1, help="stride")
    padding: str | int | tuple[Side, ...] = setting(PADDING, "p", default="half", help=PADDING_HELP)
    bias: bool = setting(Bool(), default=True, help="add one learned number per output channel and position")

    @property
    def sliding(self) -> Sliding:
        return Sliding(self.kernel, self.stride, 1, self.padding)

    @property
    def biased(self) -> bool:
        return self.bias

    def shape(self, inputs: Shapes) -> Shape:
        return convolved(inputs[0], self.out, 1, self.sliding.on(inputs[0].size), PaddingMode.ZERO)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (Read(0, tuple(window.reach() for window in self.sliding.on(inputs[0].size)), MIX),)

    def cost(self, inputs: Shapes) -> Cost:
        """MACs as those of a convolution; weights as many as MACs. Torch copies the windows, and before that a padded map."""
        source, out, axes = inputs[0], self.shape(inputs), self.sliding.on(inputs[0].size)
        windows = source.channels * prod(window.kernel for window in axes) * out.positions
        grown = source.channels * prod(n + w.before + w.after for n, w in zip(source.size, axes, strict=True))
        padded = grown if any(w.before or w.after for w in axes) else 0
        return Cost(
            macs=windows * self.out,
            params=windows * self.out + out.elements * self.bias,
            buffers=0,
            elements=(("copy", windows), *((("add", out.elements),) if self.bias else ())),
            keeps=Keeps.NOTHING,
            storage=Storage.NEW,
            saved=windows,
            inner=max(padded + windows - out.elements, windows, out.elements * self.bias),
            scattered=True,
            last=True,
        )

    def torch(self, inputs: Shapes) -> Torch:
        source, axes = inputs[0], self.sliding.on(inputs[0].size)
        pads = tuple(side for window in reversed(axes) for side in (window.before, window.after))
        kernel, stride = tuple(w.kernel for w in axes), tuple(w.stride for w in axes)
        size = self.shape(inputs).size
        return Torch(
            f"LocalConv({source.channels}, {self.out}, {size}, {kernel}, {stride}, {pads}, {self.bias})", helper=HELPER
        )
