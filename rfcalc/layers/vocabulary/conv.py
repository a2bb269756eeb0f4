"""Convolution: standard, grouped, dilated, depthwise, transposed; any number of spatial axes."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Bool, Int, PerAxis, PerSide, Word, setting
from rfcalc.layers.traits import LayerKind, Sliding
from rfcalc.record import record, replace
from rfcalc.relations.channels import MIX, Grouped, Mix
from rfcalc.relations.geometry import IDENTITY, PaddingMode, Side, Window, per_axis
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape, Shapes

PADDING = PerSide(Int(0), words=("half", "same", "valid"))
PADDING_HELP = "a number, one per axis, a pair [before, after] per axis, or half, same, valid"
USUAL = (("stride", "1"), ("padding", "0"), ("dilation", "1"), ("groups", "1"))
MODES = {fold.value: fold for fold in PaddingMode}


@record
class Conv(Op):
    """A convolution; the default padding is half of the (dilated) kernel, which keeps the size at stride 1."""

    word: ClassVar[str] = "conv"
    kind: ClassVar[LayerKind] = LayerKind.CONVOLUTION
    main: ClassVar[str] = "out"
    example: ClassVar[tuple[str, ...]] = ("{out: 64, k: 3, s: 2}", "16x32x32")

    out: int = setting(Int(), help="output channels")
    kernel: int | tuple[int, ...] = setting(PerAxis(Int()), "k", help="kernel size")
    stride: int | tuple[int, ...] = setting(PerAxis(Int()), "s", default=1, help="stride")
    padding: str | int | tuple[Side, ...] = setting(PADDING, "p", default="half", help=PADDING_HELP)
    dilation: int | tuple[int, ...] = setting(PerAxis(Int()), "d", default=1, help="distance between kernel taps")
    groups: int = setting(Int(), "g", default=1, help="groups of channels that do not see each other")
    bias: bool = setting(Bool(), default=True, help="add one learned number per output channel")
    padding_mode: str = setting(Word(tuple(MODES)), default="zeros", help="what stands in the padding")

    @property
    def sliding(self) -> Sliding:
        return Sliding(self.kernel, self.stride, self.dilation, self.padding, self.groups)

    @property
    def biased(self) -> bool:
        return self.bias

    def shape(self, inputs: Shapes) -> Shape:
        return convolved(inputs[0], self.out, self.groups, self.sliding.on(inputs[0].size), MODES[self.padding_mode])

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        fold = MODES[self.padding_mode]
        axes = tuple(window.reach(fold) for window in self.sliding.on(inputs[0].size))
        return (Read(0, axes, grouping(inputs[0].channels, self.out, self.groups)),)

    def cost(self, inputs: Shapes) -> Cost:
        axes, mode = self.sliding.on(inputs[0].size), self.padding_mode
        return convolution_cost(inputs[0], self.shape(inputs), axes, self.groups, self.bias, mode)

    def torch(self, inputs: Shapes) -> Torch:
        axes = self.sliding.on(inputs[0].size)
        return convolution_torch(inputs[0], self.out, axes, self.groups, self.bias, self.padding_mode)


@record
class Depthwise(Op):
    """A depthwise convolution: each input channel is filtered by itself, `multiplier` times."""

    word: ClassVar[str] = "dwconv"
    kind: ClassVar[LayerKind] = LayerKind.CONVOLUTION
    main: ClassVar[str] = "kernel"
    example: ClassVar[tuple[str, ...]] = ("{k: 3, multiplier: 2}", "16x32x32")

    kernel: int | tuple[int, ...] = setting(PerAxis(Int()), "k", help="kernel size")
    stride: int | tuple[int, ...] = setting(PerAxis(Int()), "s", default=1, help="stride")
    padding: str | int | tuple[Side, ...] = setting(PADDING, "p", default="half", help=PADDING_HELP)
    dilation: int | tuple[int, ...] = setting(PerAxis(Int()), "d", default=1, help="distance between kernel taps")
    multiplier: int = setting(Int(), "m", default=1, help="output channels per input channel")
    bias: bool = setting(Bool(), default=True, help="add one learned number per output channel")
    padding_mode: str = setting(Word(tuple(MODES)), default="zeros", help="what stands in the padding")

    @property
    def sliding(self) -> Sliding:
        return Sliding(self.kernel, self.stride, self.dilation, self.padding, groups=None)

    @property
    def biased(self) -> bool:
        return self.bias

    def shape(self, inputs: Shapes) -> Shape:
        groups, out = inputs[0].channels, inputs[0].channels * self.multiplier
        return convolved(inputs[0], out, groups, self.sliding.on(inputs[0].size), MODES[self.padding_mode])

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        fold, channels = MODES[self.padding_mode], inputs[0].channels
        axes = tuple(window.reach(fold) for window in self.sliding.on(inputs[0].size))
        return (Read(0, axes, Grouped(channels, 1, self.multiplier)),)

    def cost(self, inputs: Shapes) -> Cost:
        axes, mode = self.sliding.on(inputs[0].size), self.padding_mode
        return convolution_cost(inputs[0], self.shape(inputs), axes, inputs[0].channels, self.bias, mode)

    def torch(self, inputs: Shapes) -> Torch:
        groups, out = inputs[0].channels, inputs[0].channels * self.multiplier
        return convolution_torch(inputs[0], out, self.sliding.on(inputs[0].size), groups, self.bias, self.padding_mode)


@record
class Upconv(Op):
    """A transposed convolution: size (n-1)*stride - 2*padding + dilation*(kernel-1) + output_padding + 1."""

    word: ClassVar[str] = "upconv"
    kind: ClassVar[LayerKind] = LayerKind.TRANSPOSED
    main: ClassVar[str] = "out"
    example: ClassVar[tuple[str, ...]] = ("{out: 8, k: 2, s: 2}", "16x32x32")

    out: int = setting(Int(), help="output channels")
    kernel: int | tuple[int, ...] = setting(PerAxis(Int()), "k", help="kernel size")
    stride: int | tuple[int, ...] = setting(PerAxis(Int()), "s", default=1, help="how many times the output is larger")
    padding: int | tuple[int, ...] = setting(PerAxis(Int(0)), "p", default=0, help="rows taken away on each side")
    output_padding: int | tuple[int, ...] = setting(PerAxis(Int(0)), default=0, help="rows added at the end")
    dilation: int | tuple[int, ...] = setting(PerAxis(Int()), "d", default=1, help="distance between kernel taps")
    groups: int = setting(Int(), "g", default=1, help="groups of channels that do not see each other")
    bias: bool = setting(Bool(), default=True, help="add one learned number per output channel")

    @property
    def sliding(self) -> Sliding:
        return Sliding(self.kernel, self.stride, self.dilation, self.padding, self.groups, transposed=True)

    @property
    def biased(self) -> bool:
        return self.bias

    def shape(self, inputs: Shapes) -> Shape:
        source = inputs[0]
        need_axes(source)
        check_groups(source.channels, self.out, self.groups)
        extra = per_axis(self.output_padding, source.rank, "output_padding")
        sized = list(zip(source.size, self.sliding.on(source.size), extra, strict=True))
        for _, window, more in sized:
            if more >= max(window.stride, window.dilation):
                raise RuleError(f"output_padding {more} must be smaller than the stride or the dilation")
        return Shape(self.out, tuple(window.transposed_out(n, more) for n, window, more in sized))

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        axes = tuple(window.transposed_reach() for window in self.sliding.on(inputs[0].size))
        return (Read(0, axes, grouping(inputs[0].channels, self.out, self.groups)),)

    def cost(self, inputs: Shapes) -> Cost:
        source, out = inputs[0], self.shape(inputs)
        taps = prod(window.kernel for window in self.sliding.on(source.size))
        weight = source.channels * (self.out // self.groups) * taps
        bias = (("bias", out.elements),) if self.bias else ()
        slow = source.rank == 3 and self.groups == 1  # torch's own kernel begins with memory of the input's size
        return Cost(
            macs=weight * source.positions,
            params=weight + self.out * self.bias,
            buffers=0,
            elements=bias,
            keeps=Keeps.INPUT,
            storage=Storage.NEW,
            perhaps=max(0, source.elements - out.elements) * slow,
        )

    def torch(self, inputs: Shapes) -> Torch:
        source = inputs[0]
        parts = [f"nn.ConvTranspose{source.rank}d({source.channels}, {self.out}, {torch_tuple(self.kernel)}"]
        for name, value, usual in (
            ("stride", self.stride, 1),
            ("padding", self.padding, 0),
            ("output_padding", self.output_padding, 0),
            ("dilation", self.dilation, 1),
            ("groups", self.groups, 1),
            ("bias", self.bias, True),
        ):
            if value != usual:
                parts.append(f"{name}={torch_tuple(value)}")
        return Torch(", ".join(parts) + ")")


@record
class MaskedConv(Op):
    """A convolution that sees only units before its own, row by row (PixelCNN): type A without its own unit, B with it.

    The masked weights are there and are multiplied, as in every implementation with a mask; so they count.
    """

    word: ClassVar[str] = "maskedconv"
    kind: ClassVar[LayerKind] = LayerKind.CONVOLUTION
    main: ClassVar[str] = "out"
    example: ClassVar[tuple[str, ...]] = ("{out: 16, k: 5, mask: A}", "1x28x28")

    out: int = setting(Int(), help="output channels")
    kernel: int | tuple[int, ...] = setting(PerAxis(Int()), "k", help="kernel size, odd")
    mask: str = setting(Word(("A", "B")), default="B", help="A: without the unit itself (the first layer), B: with it")
    dilation: int | tuple[int, ...] = setting(PerAxis(Int()), "d", default=1, help="distance between kernel taps")
    bias: bool = setting(Bool(), default=True, help="add one learned number per output channel")

    @property
    def sliding(self) -> Sliding:
        return Sliding(self.kernel, 1, self.dilation, "half", masked=True)

    @property
    def biased(self) -> bool:
        return self.bias

    def shape(self, inputs: Shapes) -> Shape:
        axes = self.sliding.on(inputs[0].size)
        if self.mask == "A" and all(window.kernel == 1 for window in axes):
            raise RuleError("a kernel of 1 under a mask of type A sees nothing")
        return convolved(inputs[0], self.out, 1, axes, PaddingMode.ZERO)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        """For each axis, the taps before the middle on it, in the middle on the axes before, all on those after."""
        axes = self.sliding.on(inputs[0].size)
        reads = [] if self.mask == "A" else [Read(0, (IDENTITY,) * len(axes), MIX)]
        for k, window in enumerate(axes):
            if window.kernel > 1:
                before = Window(window.kernel // 2, 1, window.dilation, window.before).reach()
                reads.append(Read(0, (*(IDENTITY,) * k, before, *(w.reach() for w in axes[k + 1 :])), MIX))
        return tuple(reads)

    def cost(self, inputs: Shapes) -> Cost:
        axes = self.sliding.on(inputs[0].size)
        cost = convolution_cost(inputs[0], self.shape(inputs), axes, 1, self.bias)
        weight, taps = cost.params - self.out * self.bias, prod(window.kernel for window in axes)
        elements = (("masked_conv", cost.macs), *((f"masked_{kind}", count) for kind, count in cost.elements))
        out = 4 * self.shape(inputs).elements  # made after the mask, which torch.arange makes of int64
        making = max(0, taps - out, 9 * taps - 4 * weight - out)
        return replace(cost, elements=elements, fixed=4 * weight + taps, inner=weight, scratch=making)

    def torch(self, inputs: Shapes) -> Torch:
        axes = self.sliding.on(inputs[0].size)
        kernel = tuple(window.kernel for window in axes)
        module = convolution_torch(inputs[0], self.out, axes, 1, self.bias, "zeros").module
        seen = f"torch.arange({prod(kernel)}, device={{0}}.device).reshape({kernel}) < {prod(kernel) // 2 + (self.mask == 'B')}"
        more = f"padding={tuple(w.before for w in axes)}, dilation={tuple(w.dilation for w in axes)}"
        return Torch(module, f"F.conv{len(axes)}d({{0}}, {{self}}.weight * ({seen}), {{self}}.bias, {more})")


def need_axes(shape: Shape) -> None:
    """Raises RuleError for a vector."""
    if not shape.rank:
        raise RuleError(f"needs an input with spatial axes; this one is a vector of {shape.channels}")


def check_groups(channels: int, out: int, groups: int) -> None:
    """Raises RuleError where groups do not divide the channels."""
    for what, count in (("input", channels), ("output", out)):
        if count % groups:
            raise RuleError(f"groups ({groups}) do not divide the {what} channels ({count})")


def convolved(source: Shape, out: int, groups: int, axes: tuple[Window, ...], fold: PaddingMode) -> Shape:
    """The output shape of a convolution."""
    need_axes(source)
    check_groups(source.channels, out, groups)
    for n, window in zip(source.size, axes, strict=True):
        most = {PaddingMode.REFLECT: n - 1, PaddingMode.WRAP: n}.get(fold)
        if most is not None and max(window.before, window.after) > most:
            raise RuleError(f"{fold.value} padding of {max(window.before, window.after)} needs more than {n} units")
    return Shape(out, tuple(window.out(n) for n, window in zip(source.size, axes, strict=True)))


def grouping(channels: int, out: int, groups: int) -> Mix:
    """The channel relation of a convolution."""
    return MIX if groups == 1 else Grouped(groups, channels // groups, out // groups)


def convolution_cost(source: Shape, out: Shape, axes: tuple[Window, ...], groups: int, bias: bool, mode: str = "zeros") -> Cost:
    """MACs = prod(weight shape) x prod(output size); taps on padding count, the bias does not. Padding that torch's
    convolution does not do itself makes a copy of the input, which training keeps instead."""
    weight = out.channels * (source.channels // groups) * prod(window.kernel for window in axes)
    elements = (("bias", out.elements),) if bias else ()
    macs, params = weight * out.positions, weight + out.channels * bias
    if all(w.before == w.after for w in axes) and mode == "zeros":
        return Cost(macs=macs, params=params, buffers=0, elements=elements, keeps=Keeps.INPUT, storage=Storage.NEW)
    copy = source.channels * prod(n + w.before + w.after for n, w in zip(source.size, axes, strict=True))
    own = mode in ("reflect", "replicate")  # whose own backward pass asks for the input's size
    return Cost(
        macs=macs,
        params=params,
        buffers=0,
        elements=elements,
        keeps=Keeps.INPUT if own else Keeps.NOTHING,
        storage=Storage.NEW,
        saved=copy,
        alone=copy,
        inner=copy,
    )


def convolution_torch(source: Shape, out: int, axes: tuple[Window, ...], groups: int, bias: bool, mode: str) -> Torch:
    """torch's module, with the padding written out (unequal sides by F.pad)."""
    even = all(window.before == window.after for window in axes)
    parts = [f"nn.Conv{source.rank}d({source.channels}, {out}, {torch_tuple(tuple(w.kernel for w in axes))}"]
    for name, values, usual in (
        ("stride", tuple(w.stride for w in axes), 1),
        ("padding", tuple(w.before if even else 0 for w in axes), 0),
        ("dilation", tuple(w.dilation for w in axes), 1),
    ):
        if set(values) != {usual}:
            parts.append(f"{name}={torch_tuple(values)}")
    parts += [f"groups={groups}"] if groups > 1 else []
    parts += [] if bias else ["bias=False"]
    parts += [f"padding_mode={mode!r}"] if mode != "zeros" and even else []
    module = ", ".join(parts) + ")"
    if even:
        return Torch(module, usual=USUAL)
    pads = tuple(side for window in reversed(axes) for side in (window.before, window.after))
    how = "" if mode == "zeros" else f", mode={mode!r}"
    return Torch(module, f"{{self}}(F.pad({{0}}, {pads}{how}))", usual=USUAL)


def torch_tuple(value: object) -> str:
    """A number where all axes agree, else the tuple."""
    if isinstance(value, tuple) and len(set(value)) == 1:
        return repr(value[0])
    return repr(value)
