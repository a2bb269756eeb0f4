"""Interpolation with every rule of ONNX's Resize: coordinates, nearest rounding, antialiasing, cropping."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor
from operator import mul
from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Bool, Int, Number, Optional, PerAxis, Word, setting
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record
from rfcalc.relations.channels import SAME
from rfcalc.relations.geometry import PaddingMode, Reach, per_axis
from rfcalc.relations.read import Read
from rfcalc.relations.sampling import tabled
from rfcalc.relations.shape import Shape, Shapes

COORDINATES = ("half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "align_corners", "asymmetric", "tf_crop_and_resize")
EVEN = ("half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "asymmetric")  # where each unit is as far from the next
ROUNDING: dict[str, Callable[[Fraction], int]] = {
    "round_prefer_floor": lambda x: ceil(x - Fraction(1, 2)),
    "round_prefer_ceil": lambda x: floor(x + Fraction(1, 2)),
    "floor": floor,
    "ceil": ceil,
}
REACHES = {"nearest": 0, "linear": 1, "cubic": 2}
LONGEST = 65_536


RESAMPLE = '''class Resample(nn.Module):
    """For each axis, lists of the units that the output units read and of their weights; the results are added."""

    def __init__(self, axes):
        super().__init__()
        exact = torch.float64
        self.axes = [[(torch.tensor(i), torch.tensor(w, dtype=exact)) for i, w in columns] for columns in axes]

    def _apply(self, fn, recurse=True):
        super()._apply(fn, recurse)
        self.axes = [[(fn(index), fn(weights)) for index, weights in columns] for columns in self.axes]
        return self

    def forward(self, x):
        for axis, columns in enumerate(self.axes, 2):
            parts = []
            for index, weights in columns:
                taken = x.index_select(axis, index)
                parts.append(taken * weights.to(x.dtype).reshape(-1, *(1,) * (x.dim() - axis - 1)))
            x = sum(parts) if parts else x
        return x
'''


@record
class Resample(Op):
    """Interpolation to `size`, or by `scale`. `begin` and `end` are the part of the input that tf_crop_and_resize keeps."""

    word: ClassVar[str] = "resample"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "size"
    example: ClassVar[tuple[str, ...]] = ("{scale: 1.5, mode: linear}", "16x32x32")

    size: int | tuple[int, ...] | None = setting(Optional(PerAxis(Int())), default=None, help="output size")
    scale: float | tuple[float, ...] | None = setting(Optional(PerAxis(Number(1e-6, 4096))), "s", default=None, help="factor")
    mode: str = setting(Word(tuple(REACHES)), default="nearest", help="interpolation")
    coordinates: str = setting(Word(COORDINATES), default="half_pixel", help="how positions correspond")
    nearest: str = setting(Word(tuple(ROUNDING)), default="round_prefer_floor", help="how a position is rounded")
    antialias: bool = setting(Bool(), default=False, help="read as many units as it shrinks")
    exclude_outside: bool = setting(Bool(), default=False, help="units outside count nothing, instead of the edge again")
    cubic: float = setting(Number(), default=-0.75, help="coefficient of the cubic kernel")
    begin: float | tuple[float, ...] = setting(PerAxis(Number()), default=0.0, help="start of the kept part, 0 to 1")
    end: float | tuple[float, ...] = setting(PerAxis(Number()), default=1.0, help="end of the kept part, 0 to 1")

    def shape(self, inputs: Shapes) -> Shape:
        source = inputs[0]
        if not source.rank:
            raise RuleError(f"needs an input with spatial axes; this one is a vector of {source.channels}")
        if self.scale is None and self.size is None:
            raise RuleError("needs a scale or a size")
        size = tuple(out for out, _ in self._axes(source))
        if min(size) < 1 or max(size) > LONGEST:
            raise RuleError(f"the output size {'x'.join(map(str, size))} is not between 1 and {LONGEST:,}")
        return Shape(source.channels, size)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        source = inputs[0]
        axes = zip(source.size, self._axes(source), self._parts(source), strict=True)
        return (Read(0, tuple(self._reach(n, out, scale, part) for n, (out, scale), part in axes), SAME),)

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(
            macs=0,
            params=0,
            buffers=0,
            elements=(("function", self.shape(inputs).elements),),
            keeps=Keeps.NOTHING,
            storage=Storage.NEW,
        )

    def weights(self, inputs: Shapes) -> tuple[tuple[tuple[float, ...], ...], ...] | None:
        return tuple(tuple(weights for _, weights in row) for row in self._rows(inputs[0]))

    def torch(self, inputs: Shapes) -> Torch:
        axes = []
        for n, row in zip(inputs[0].size, self._rows(inputs[0]), strict=True):
            same = row == [((i,), (1.0,)) for i in range(n)]
            axes.append([] if same else [_column(row, k, n) for k in range(max(len(taps) for taps, _ in row))])
        return Torch(f"Resample({axes})", helper=RESAMPLE)

    def _rows(self, source: Shape) -> list[list[tuple[tuple[int, ...], tuple[float, ...]]]]:
        """For each axis and output unit, what it reads and with which weights."""
        table = []
        for n, (out, scale), part in zip(source.size, self._axes(source), self._parts(source), strict=True):
            rows, width = [], max(1 / float(scale), 1.0) if self.antialias else 1.0
            reach = self._reach(n, out, scale, part)
            for i in range(out):
                x = float(position(i, n, out, scale, self.coordinates, part))
                taps = tuple(reach.at(i))
                raw = [self._weight(abs(j - x) / width) for j in taps]
                inside = [w if 0 <= j < n or not self.exclude_outside else 0.0 for j, w in zip(taps, raw, strict=True)]
                rows.append((taps, tuple(w / (sum(inside) or 1.0) for w in inside)))
            table.append(rows)
        return table

    def _weight(self, t: float) -> float:
        if self.mode == "nearest":
            return 1.0
        if self.mode == "linear":
            return max(0.0, 1 - t)
        a = self.cubic
        if t <= 1:
            return (a + 2) * t**3 - (a + 3) * t**2 + 1
        return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a if t < 2 else 0.0

    def _parts(self, source: Shape) -> list[tuple[Fraction, Fraction]]:
        """Begin and end of the kept part of each axis."""
        sides = [side if isinstance(side, tuple) else (side,) * source.rank for side in (self.begin, self.end)]
        return [(_exact(a), _exact(b)) for a, b in zip(*sides, strict=True)]

    def _axes(self, source: Shape) -> list[tuple[int, Fraction]]:
        """Output size and scale of each axis."""
        sizes = None if self.size is None else per_axis(self.size, source.rank, "size")
        if self.scale is None:
            assert sizes is not None
            return [(out, Fraction(out, n)) for n, out in zip(source.size, sizes, strict=True)]
        given = self.scale if isinstance(self.scale, tuple) else (self.scale,) * source.rank
        if len(given) != source.rank:
            raise RuleError(f"scale has {len(given)} numbers for an input of {source.rank} axes")
        scales = [_exact(scale) for scale in given]
        return list(zip(sizes or map(floor, map(mul, source.size, scales)), scales, strict=True))

    def _reach(self, n: int, out: int, scale: Fraction, part: tuple[Fraction, Fraction]) -> Reach:
        return _resampled(n, out, scale, self.mode, self.coordinates, self.nearest, self.antialias, self.exclude_outside, part)


def _column(row: list[tuple[tuple[int, ...], tuple[float, ...]]], k: int, n: int) -> tuple[list[int], list[float]]:
    """Tap number k of every output unit, and its weight; 0 where a unit has fewer taps."""
    index = [min(max(taps[k], 0), n - 1) if k < len(taps) else 0 for taps, _ in row]
    return index, [round(weights[k], 9) if k < len(weights) else 0.0 for _, weights in row]


def _exact(value: float) -> Fraction:
    """The fraction that a decimal number stands for."""
    return Fraction(value).limit_denominator(1 << 20)


@lru_cache(maxsize=1024)
def _resampled(
    n: int,
    out: int,
    scale: Fraction,
    mode: str,
    coordinates: str,
    nearest: str,
    antialias: bool,
    exclude_outside: bool,
    part: tuple[Fraction, Fraction],
) -> Reach:
    width = max(1 / scale, Fraction(1)) if antialias else Fraction(1)
    rows: list[tuple[int, ...]] = []
    turn = scale.numerator if coordinates in EVEN and not exclude_outside else out
    for i in range(out):
        if i >= turn:  # as far from its place as the unit one turn before
            rows.append(tuple(tap + scale.denominator for tap in rows[i - turn]))
            continue
        x = position(i, n, out, scale, coordinates, part)
        if coordinates == "tf_crop_and_resize" and not 0 <= x <= n - 1:
            rows.append(())
        elif mode == "nearest":
            rows.append((ROUNDING[nearest](x),))
        else:
            rows.append(_taps(x, REACHES[mode], width, n, exclude_outside))
    return tabled(tuple(rows), n, PaddingMode.ZERO if exclude_outside and mode != "nearest" else PaddingMode.EDGE)


def position(i: int, n: int, out: int, scale: Fraction, coordinates: str, part: tuple[Fraction, Fraction]) -> Fraction:
    """Where output unit `i` lies among `n` input units (the definitions of ONNX's Resize)."""
    if coordinates == "align_corners":
        return Fraction(i * (n - 1), out - 1) if out > 1 else Fraction(0)
    if coordinates == "asymmetric":
        return i / scale
    if coordinates == "tf_crop_and_resize":
        begin, end = part
        return begin * (n - 1) + i * (end - begin) * Fraction(n - 1, out - 1) if out > 1 else (begin + end) * (n - 1) / 2
    if coordinates == "pytorch_half_pixel" and out == 1:
        return Fraction(0)
    half = (i + Fraction(1, 2)) / scale - Fraction(1, 2)
    if coordinates == "half_pixel_symmetric":
        return half + Fraction(n, 2) * (1 - out / (n * scale))
    return half


def _taps(x: Fraction, reach: int, width: Fraction, n: int, inside: bool) -> tuple[int, ...]:
    """The units with a weight other than zero: nearer than reach*width, but for the zeros of a cubic kernel."""
    span = reach * width
    taps = []
    for j in range(floor(x - span), ceil(x + span) + 1):
        distance = abs(j - x) / width
        if distance < reach and not (distance and distance.denominator == 1):
            taps.append(j)
    return tuple(j for j in taps if 0 <= j < n) if inside else tuple(taps)
