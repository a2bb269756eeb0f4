"""Sliding pools: maximum and average."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Bool, Int, Optional, PerAxis, PerSide, setting
from rfcalc.layers.strides import narrowed
from rfcalc.layers.traits import LayerKind, Sliding
from rfcalc.record import record, replace
from rfcalc.relations.channels import SAME
from rfcalc.relations.geometry import Side, Window
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape, Shapes

PADDING = PerSide(Int(0), words=("half", "same", "valid"))


@record
class _Pool(Op):
    """What the sliding pools share."""

    kind: ClassVar[LayerKind] = LayerKind.POOL
    main: ClassVar[str] = "kernel"

    kernel: int | tuple[int, ...] = setting(PerAxis(Int()), "k", help="window size")
    stride: int | tuple[int, ...] | None = setting(
        Optional(PerAxis(Int())), "s", default=None, help="stride; the kernel if left out"
    )
    padding: str | int | tuple[Side, ...] = setting(
        PADDING, "p", default=0, help="a number, per axis, per side, or half, same, valid"
    )
    ceil_mode: bool = setting(Bool(), default=False, help="round the output size up")

    @property
    def sliding(self) -> Sliding:
        return Sliding(self.kernel, self.kernel if self.stride is None else self.stride, 1, self.padding, groups=None)


@record
class MaxPool(_Pool):
    """Maximum over a sliding window."""

    word: ClassVar[str] = "maxpool"
    example: ClassVar[tuple[str, ...]] = ("{k: 3, s: 2, p: 1}", "16x32x32")

    dilation: int | tuple[int, ...] = setting(PerAxis(Int()), "d", default=1, help="distance between window taps")

    @property
    def sliding(self) -> Sliding:
        return replace(super().sliding, dilation=self.dilation)

    def shape(self, inputs: Shapes) -> Shape:
        return pooled(inputs[0], self.sliding.on(inputs[0].size), self.ceil_mode)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (Read(0, tuple(w.reach() for w in self.sliding.on(inputs[0].size)), SAME),)

    def cost(self, inputs: Shapes) -> Cost:
        out, axes = self.shape(inputs), self.sliding.on(inputs[0].size)
        compared = window_elements(inputs[0], out, axes, False)
        elements = (("max_pool_input", given_elements(inputs[0], axes)), ("max_pool", compared))
        return pool_cost(elements, inputs[0], out, axes, self.ceil_mode, 2)

    def torch(self, inputs: Shapes) -> Torch:
        axes = self.sliding.on(inputs[0].size)
        extra = ["ceil_mode=True"] * self.ceil_mode
        extra += [f"dilation={_tuple(w.dilation for w in axes)}"] if any(w.dilation > 1 for w in axes) else []
        return pool_torch(f"nn.MaxPool{len(axes)}d", inputs[0], self.shape(inputs), axes, extra, 'value=float("-inf")')


@record
class AvgPool(_Pool):
    """Average over a sliding window."""

    word: ClassVar[str] = "avgpool"
    example: ClassVar[tuple[str, ...]] = ("{k: 2}", "16x32x32")

    count_include_pad: bool = setting(Bool(), default=True, help="whether padding counts in the average")

    def shape(self, inputs: Shapes) -> Shape:
        axes = self.sliding.on(inputs[0].size)
        if len(axes) == 3:
            need_room(given_size(inputs[0], axes), axes)
        return pooled(inputs[0], axes, self.ceil_mode)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (Read(0, tuple(w.reach() for w in self.sliding.on(inputs[0].size)), SAME),)

    def cost(self, inputs: Shapes) -> Cost:
        out, axes = self.shape(inputs), self.sliding.on(inputs[0].size)
        summed = window_elements(inputs[0], out, axes, self.count_include_pad)
        given = given_elements(inputs[0], axes)
        elements = (("avg_pool_input", given), ("avg_pool_window", summed), ("avg_pool", out.elements))
        return pool_cost(elements, inputs[0], out, axes, self.ceil_mode, 0)

    def torch(self, inputs: Shapes) -> Torch:
        axes = self.sliding.on(inputs[0].size)
        extra = ["ceil_mode=True"] * self.ceil_mode + ["count_include_pad=False"] * (not self.count_include_pad)
        made = pool_torch(f"nn.AvgPool{len(axes)}d", inputs[0], self.shape(inputs), axes, extra, "")
        if self.count_include_pad or inside(axes):
            return made
        share = made.forward.replace("{0}", "torch.ones_like({0})")  # of each window, how much is not padding
        return Torch(made.module, f"{made.forward} / {share}")


def pooled(shape: Shape, axes: tuple[Window, ...], ceil: bool) -> Shape:
    """The output shape of a sliding pool."""
    _need_axes(shape)
    for window in axes:
        if max(window.before, window.after) >= window.extent:
            raise RuleError(f"padding of {max(window.before, window.after)} leaves windows of {window.kernel} that see nothing")
    return Shape(shape.channels, tuple(w.out(n, ceil) for n, w in zip(shape.size, axes, strict=True)))


def need_room(size: Iterable[int], axes: tuple[Window, ...]) -> None:
    """Raises RuleError for windows larger than what torch's pool is given, which its average pool over 3 axes refuses."""
    for n, window in zip(size, axes, strict=True):
        if window.kernel > n:
            raise RuleError(f"over 3 axes torch averages no kernel of {window.kernel} on an input of {n}")


def window_elements(source: Shape, out: Shape, axes: tuple[Window, ...], padding: bool) -> int:
    """How many elements all windows hold, with or without those of the padding; ceil mode's overhang never counts."""
    counts = []
    for n, units, w in zip(source.size, out.size, axes, strict=True):
        low, high = (-w.before, n + w.after) if padding else (0, n)
        taps = (w.dilation * t - w.before for t in range(w.kernel))
        counts.append(sum(_hits(tap, w.stride, units, low, high) for tap in taps))
    return source.channels * prod(counts)


def _hits(tap: int, stride: int, units: int, low: int, high: int) -> int:
    """How many of tap, tap + stride, ... (`units` of them) lie in [low, high)."""
    first = max(0, -((tap - low) // stride))
    last = min(units - 1, (high - 1 - tap) // stride)
    return max(0, last - first + 1)


def _need_axes(shape: Shape) -> None:
    if not shape.rank:
        raise RuleError(f"needs an input with spatial axes; this one is a vector of {shape.channels}")


def _tuple(values: Iterable[int]) -> str:
    numbers = tuple(values)
    return repr(numbers[0]) if len(set(numbers)) == 1 else repr(numbers)


def inside(axes: tuple[Window, ...]) -> bool:
    """True if torch's pools take the padding: equal at both ends, at most half a window."""
    return all(w.before == w.after and 2 * w.before <= w.kernel for w in axes)


def given_size(source: Shape, axes: tuple[Window, ...]) -> tuple[int, ...]:
    """The size of the input as torch's pool gets it: with the padding that it does not take itself."""
    if inside(axes):
        return source.size
    return tuple(n + w.before + w.after for n, w in zip(source.size, axes, strict=True))


def given_elements(source: Shape, axes: tuple[Window, ...]) -> int:
    """Elements of the input as torch's pool gets it."""
    return source.channels * prod(given_size(source, axes))


def pool_cost(
    elements: tuple[tuple[str, int], ...], source: Shape, out: Shape, axes: tuple[Window, ...], ceil: bool, words: int
) -> Cost:
    """The cost of a sliding pool; padding that torch's pool does not take makes a copy, which training keeps instead.
    `words`: 4-byte words of each index, made at inference too."""
    made = source.channels * prod(bare_size(source, axes, ceil))
    words *= out.elements if inside(axes) else made
    if inside(axes):
        return Cost(
            macs=0,
            params=0,
            buffers=0,
            elements=elements,
            keeps=Keeps.INPUT,
            storage=Storage.NEW,
            words=words,
            scratch=4 * words,
        )
    copy = given_elements(source, axes)
    return Cost(
        macs=0,
        params=0,
        buffers=0,
        elements=elements,
        keeps=Keeps.NOTHING,
        storage=Storage.NEW,
        saved=copy,
        words=words,
        inner=copy,
        spare=made - out.elements,
        scattered=narrowed((source.channels, *bare_size(source, axes, ceil)), (out.channels, *out.size)),
        scratch=4 * words,
    )


def bare_size(source: Shape, axes: tuple[Window, ...], ceil: bool) -> tuple[int, ...]:
    """The size of what torch's pool makes of a map whose padding is written out."""
    bare = ((n + w.before + w.after, Window(w.kernel, w.stride, w.dilation)) for n, w in zip(source.size, axes, strict=True))
    return tuple(w.out(n, ceil) for n, w in bare)


def pool_torch(name: str, source: Shape, out: Shape, axes: tuple[Window, ...], extra: list[str], fill: str) -> Torch:
    """torch's module; padding that is unequal or more than half a window is written as F.pad, and a last window that would
    begin in it is cut off."""
    parts = [f"{name}({_tuple(w.kernel for w in axes)}", f"stride={_tuple(w.stride for w in axes)}"]
    if inside(axes) and any(w.before for w in axes):
        parts.append(f"padding={_tuple(w.before for w in axes)}")
    module = ", ".join(parts + extra) + ")"
    if inside(axes):
        return Torch(module)
    pads = tuple(side for w in reversed(axes) for side in (w.before, w.after))
    cut = (
        ""
        if bare_size(source, axes, "ceil_mode=True" in extra) == out.size
        else f"[:, :, {', '.join(f':{n}' for n in out.size)}]"
    )
    return Torch(module, f"{{self}}(F.pad({{0}}, {pads}{', ' + fill if fill else ''})){cut}")
