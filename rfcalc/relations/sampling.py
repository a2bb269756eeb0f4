"""Relations that depend on the sizes of both sides of a layer: adaptive pooling, interpolation, listed positions."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm

from rfcalc.errors import RuleError
from rfcalc.relations.geometry import IDENTITY, MOST_TAPS, PaddingMode, Reach, grow, window
from rfcalc.relations.phases import Phases


@lru_cache(maxsize=1024)
def adaptive(n: int, out: int) -> Reach:
    """Unit i reads [floor(i n/out), ceil((i+1) n/out)), torch's adaptive pooling."""
    g = gcd(n, out)
    period, advance = out // g, n // g
    _check_phases(period)
    taps = tuple(range(i * n // out, -(-(i + 1) * n // out)) for i in range(period))
    return Reach(period, advance, taps, sized=True)


@lru_cache(maxsize=1024)
def tabled(taps: tuple[tuple[int, ...], ...], n: int, fold: PaddingMode = PaddingMode.ZERO) -> Reach:
    """Unit i reads taps[i] of `n` units; given with the shortest period after which this repeats, moved."""
    period, advance = _period(taps, n)
    first = taps[:period]
    if period == 1 and (even := evenly(first[0])) is not None:
        return window(len(even), advance, even.step, -even.start, fold)
    return Reach(period, advance, tuple(t if (even := evenly(t)) is None else even for t in first), fold)


def evenly(taps: tuple[int, ...]) -> range | None:
    """Taps with one distance between them, as a range."""
    step = taps[1] - taps[0] if len(taps) > 1 else 1
    if not taps or step < 1 or any(b - a != step for a, b in zip(taps, taps[1:], strict=False)):
        return None
    return range(taps[0], taps[-1] + 1, step)


def _period(taps: tuple[tuple[int, ...], ...], n: int) -> tuple[int, int]:
    """The least number of units after which a relation repeats, and by how much it moves; the whole axis if none is shorter."""
    m = len(taps)
    for period in range(1, m // 2 + 1):
        if m % period:
            continue
        advance = next((b[0] - a[0] for a, b in zip(taps, taps[period:], strict=False) if a and b), 0)
        if advance >= 0 and all(tuple(t + advance for t in a) == b for a, b in zip(taps, taps[period:], strict=False)):
            return period, advance
    return m, n


def _f32(x: float) -> float:
    return float(struct.unpack("f", struct.pack("f", x))[0])


@lru_cache(maxsize=1024)
def nearest(n: int, out: int, scale: Fraction | None = None, rank: int = 2) -> Reach:
    """Nearest interpolation by torch's float32 rule: floor(f32(i * f32(n/out))), with a given scale f32(1/scale).

    With two axes, torch copies where the sizes are equal and takes i // 2 for twice the size, whatever the scale.
    """
    if out in (n, 2 * n) and (rank == 2 or scale is None or n * scale == out):
        return grow(out // n)
    step = _f32(1.0 / float(scale)) if scale else _f32(_f32(float(n)) / _f32(float(out)))
    index = [min(int(_f32(i * step)), n - 1) for i in range(out)]
    ratio = 1 / scale if scale else Fraction(n, out)
    sized = scale is None and bool(n % out and out % n)
    ideal = _from_source(lambda i: (int(i * ratio),), ratio, PaddingMode.EDGE, out, sized)
    if ideal is not None and index == [min(ideal.at(i)[0], n - 1) for i in range(out)]:
        return ideal
    _check_phases(out)
    return Reach(out, n, tuple((j,) for j in index), sized=True)


@lru_cache(maxsize=1024)
def interpolate(n: int, out: int, align_corners: bool, scale: Fraction | None = None, cubic: bool = False) -> Reach:
    """Linear (2 taps) or cubic (4 taps) interpolation; one tap where the source position is whole.

    The source is i (n-1)/(out-1) with align_corners, else (i + 1/2) ratio - 1/2 with ratio = 1/scale or n/out.
    """
    if align_corners:
        ratio = Fraction(n - 1, out - 1) if out > 1 else Fraction(0)
        offset = Fraction(0)
    else:
        ratio = 1 / scale if scale else Fraction(n, out)
        offset = (ratio - 1) / 2

    parts = lcm(ratio.denominator, offset.denominator)
    step, start = int(ratio * parts), int(offset * parts)

    def taps(i: int) -> tuple[int, ...]:
        base, rest = divmod(i * step + start, parts)
        if not rest:
            return (base,)
        return (base - 1, base, base + 1, base + 2) if cubic else (base, base + 1)

    sized = align_corners or (scale is None and bool(n % out and out % n))
    reach = _from_source(taps, ratio, PaddingMode.EDGE, out, sized)
    if reach is not None:
        return reach
    _check_phases(out)
    return Reach(out, n, tuple(taps(i) for i in range(out)), PaddingMode.EDGE, True)


def _check_phases(count: int) -> None:
    if count > MOST_TAPS:
        raise RuleError(f"a ratio of sizes with {count:,} phases is beyond the limit of {MOST_TAPS:,}")


def _from_source(
    taps: Callable[[int], tuple[int, ...]], ratio: Fraction, fold: PaddingMode, out: int, sized: bool
) -> Reach | None:
    """A periodic relation for a source position that moves by `ratio`; None where it stands still (one input unit), or
    where the `out` units end long before the period."""
    if ratio == 0 or ratio.denominator > max(out, MOST_TAPS):
        return None
    period, advance = ratio.denominator, ratio.numerator
    _check_phases(period)
    phases = Phases(taps, period)
    if period == advance == 1 and phases[0] == (0,):
        return IDENTITY
    return Reach(period, advance, phases, fold, sized)
