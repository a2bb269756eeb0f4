"""What a series of latencies says: quantiles, an interval for the median, whether two networks can be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from statistics import median
from typing import TYPE_CHECKING

from rfcalc.record import record

if TYPE_CHECKING:
    from rfcalc.report.models.timing import LatencyData

WIDE = 0.1  # an interquartile range of more than this share of the median is worth a warning


@record
class Summary:
    """Quantiles of samples, in their unit (milliseconds)."""

    median: float
    iqr: float
    p90: float
    p99: float

    def data(self) -> LatencyData:
        """These as JSON has them."""
        return {"median": self.median, "iqr": self.iqr, "p90": self.p90, "p99": self.p99}

    @property
    def wide(self) -> bool:
        """True if the samples scatter so much that something else seems to run."""
        return self.iqr > WIDE * self.median


def summary(samples: Sequence[float]) -> Summary:
    """The quantiles of at least one sample."""
    ordered = sorted(samples)
    return Summary(
        median(ordered), quantile(ordered, 0.75) - quantile(ordered, 0.25), quantile(ordered, 0.9), quantile(ordered, 0.99)
    )


def quantile(ordered: Sequence[float], share: float) -> float:
    """A quantile of ascending samples, linear between neighbours."""
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def interval(blocks: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """An interval for the median of the distribution behind independent values, free of its form: the order statistics
    whose binomial coverage reaches `confidence`; the whole range if there are too few values for that."""
    ordered, n = sorted(blocks), len(blocks)
    outside, cut = 0.0, 0
    for k in range(n // 2):
        outside += 2 * comb(n, k) / 2**n
        if outside > 1 - confidence:
            break
        cut = k
    return ordered[cut], ordered[n - 1 - cut]


@record
class Comparison:
    """Two networks timed in turns: the ratio of their medians, its interval, and whether they can be told apart."""

    ratio: float
    low: float
    high: float

    @property
    def ambiguous(self) -> bool:
        """True if the medians' intervals overlap."""
        return self.low <= 1 <= self.high

    def verdict(self, first: str, second: str) -> str:
        """What to conclude, in words."""
        span = f"{self.low:.3f} to {self.high:.3f}"
        if self.ambiguous:
            return f"ambiguous: {second} takes {self.ratio:.3f} times as long as {first}, but the interval {span} holds 1"
        if self.ratio < 1:
            return f"{second} is {1 / self.ratio:.2f} times as fast as {first} (time ratio {self.ratio:.3f}, {span})"
        return f"{second} takes {self.ratio:.2f} times as long as {first} ({span})"


def compare(first: Sequence[float], second: Sequence[float]) -> Comparison:
    """Compares two series of block medians that were taken in turns."""
    (low, high), (other_low, other_high) = interval(first), interval(second)
    return Comparison(median(second) / median(first), other_low / high, other_high / low)
