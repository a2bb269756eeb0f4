"""Numbers as people, and programs, read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

PREFIXES = (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3))


def short(value: float, unit: str = "") -> str:
    """4089184256 as "4.09 G": three digits, SI prefix; 0 as "0"."""
    for prefix, scale in PREFIXES:
        if abs(value) >= scale * 0.9995:
            scaled = value / scale
            digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
            return f"{scaled:.{digits}f} {prefix}{unit}"
    shown = f"{value:d}" if isinstance(value, int) else f"{value:.3g}"
    return f"{shown} {unit}".rstrip()


def plain(value: float) -> str:
    """A number without needless digits: 2, 0.5, 1.333."""
    return f"{value:.4g}" if value != int(value) else str(int(value))


def number(value: Fraction) -> int | float:
    """A fraction as programs read it: whole where it is whole."""
    return value.numerator if value.denominator == 1 else float(value)


def percent(share: float, digits: int = 1) -> str:
    """A share: 0.123 as "12.3 %"."""
    return f"{100 * share:.{digits}f} %"


def growth(share: float) -> str:
    """A change: 0.123 as "+12.3 %"."""
    return f"{100 * share:+.1f} %"


def joined(values: Sequence[float]) -> str:
    """Numbers of several axes: "427" if all agree, else "427x15"."""
    shown = [plain(value) for value in values]
    return shown[0] if len(set(shown)) == 1 else "x".join(shown)


def times(values: Sequence[float]) -> str:
    """Numbers of several axes, each written: "427x427"."""
    return "x".join(plain(value) for value in values) or "-"


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending numbers as ranges of neighbours, first and last."""
    ranges: list[tuple[int, int]] = []
    for n in numbers:
        if ranges and n == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], n)
        else:
            ranges.append((n, n))
    return ranges
