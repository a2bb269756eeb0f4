"""Convolution whose weights are not shared: each position has its own."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Bool, Int, PerAxis, PerSide, setting
from rfcalc.layers.traits import LayerKind, Sliding
from rfcalc.record import record
from rfcalc.relations.channels import MIX
from rfcalc.relations.geometry import Side
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape, Shapes

PADDING = PerSide(Int(0), words=("half", "same", "valid"))
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
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "out"
    example: ClassVar[tuple[str, ...]] = ("{out: 8, k: 3}", "16x7x7")

    out: int = setting(Int(), help="output channels")
    kernel: int | tuple[int, ...] = setting(PerAxis(Int()), "k", help="kernel size")
    stride: int | tuple[int, ...] = setting(PerAxis(Int()), "s", default=1, help="stride")
    padding: str | int | tuple[Side, ...] = setting(
        PADDING, "p", default="half", help="a number, one per axis, a pair [before, after] per axis, or half, same, valid"
    )
    bias: bool = setting(Bool(), default=True, help="add one learned number per output channel and position")

    @property
    def sliding(self) -> Sliding:
        return Sliding(self.kernel, self.stride, 1, self.padding)

    def shape(self, inputs: Shapes) -> Shape:
        source = inputs[0]
        if not source.rank:
            raise RuleError(f"needs an input with spatial axes; this one is a vector of {source.channels}")
        windows = zip(source.size, self.sliding.on(source.size), strict=True)
        return Shape(self.out, tuple(window.out(n) for n, window in windows))

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
        size = (source.channels, self.out, self.shape(inputs).size)
        return Torch(f"LocalConv({', '.join(map(repr, (*size, kernel, stride, pads, self.bias)))})", helper=HELPER)
