"""Which input positions an output position reads, along one axis.

Every local layer is, on one axis, a periodic affine relation followed by a border fold:

    R(i) = fold { (i // period) * advance + tap : tap in taps[i % period] }

`period` output units move the window by `advance` input units. Nothing here knows a layer or an input size; sampling.py has the
relations that depend on sizes (interpolation, adaptive pooling).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import cached_property, lru_cache
from math import gcd

from rfcalc.errors import RuleError
from rfcalc.record import record
from rfcalc.relations.phases import Phases, Taps

MOST_TAPS = 65_536  # of a kernel; also the largest stride, and the most phases of a relation
MOST_UNITS = 10_000_000  # along one axis


class PaddingMode(Enum):
    """What a read outside the input becomes: nothing (zeros), the edge, the mirrored unit, the opposite end."""

    ZERO = "zeros"
    EDGE = "replicate"
    REFLECT = "reflect"
    WRAP = "circular"

    def index(self, i: int, n: int) -> int | None:
        """The unit really read for index `i` of an input of `n` units; None where only padding is read."""
        if 0 <= i < n:
            return i
        if self is PaddingMode.ZERO:
            return None
        if self is PaddingMode.EDGE:
            return 0 if i < 0 else n - 1
        if self is PaddingMode.WRAP:
            return i % n
        i = i % (2 * n - 2) if n > 1 else 0
        return i if i < n else 2 * n - 2 - i


@record(eq=False)
class Reach:
    """The relation of one axis; `taps` holds one ascending collection per phase, which may be empty. `sized`: at another size
    of the input it is another relation, so that there are no units beyond those that the layer has.

    Compared by identity: the constructors below are cached, so that equal relations are one object.
    """

    period: int
    advance: int
    taps: tuple[Taps, ...] | Phases
    fold: PaddingMode = PaddingMode.ZERO
    sized: bool = False

    def at(self, i: int) -> Taps:
        """Input indices read by output unit `i`, before the fold."""
        turn, phase = divmod(i, self.period)
        base, taps = turn * self.advance, self.taps[phase]
        if isinstance(taps, range):
            return range(taps.start + base, taps.stop + base, taps.step)
        return tuple(tap + base for tap in taps)

    def read(self, i: int, n: int) -> set[int]:
        """Input units really read by output unit `i` of an input of `n` units, after the fold."""
        return {j for tap in self.at(i) if (j := self.fold.index(tap, n)) is not None}

    @cached_property
    def identity(self) -> bool:
        """True if every unit reads just itself."""
        return self.period == self.advance == 1 and tuple(self.taps[0]) == (0,)

    @cached_property
    def reflexive(self) -> bool:
        """True if every unit reads at least itself."""
        return self.period == self.advance and all(i in taps for i, taps in enumerate(self.taps))

    @cached_property
    def total(self) -> bool:
        """True if every unit reads something."""
        return isinstance(self.taps, Phases) or all(len(taps) for taps in self.taps)

    @cached_property
    def monotone(self) -> bool:
        """True if the first and the last index read never decrease from one unit to the next."""
        if not self.total:
            return False
        ends = [(self.at(i)[0], self.at(i)[-1]) for i in range(self.period + 1)]
        return all(a[0] <= b[0] and a[1] <= b[1] for a, b in zip(ends, ends[1:], strict=False))

    @cached_property
    def gap(self) -> int:
        """The largest distance between neighbouring taps of one unit; 1 where a unit has a single tap."""
        gaps = [1]
        for taps in self.taps:
            if isinstance(taps, range):
                gaps.append(taps.step if len(taps) > 1 else 1)
            else:
                gaps += [b - a for a, b in zip(taps, taps[1:], strict=False)]
        return max(gaps)

    @cached_property
    def runs(self) -> tuple[tuple[int, int, int], ...] | None:
        """The first period in runs of units that read consecutive units, one each: (first unit, its tap, how many). None if
        some unit reads several, or one before the first."""
        runs: list[tuple[int, int, int]] = []
        for i, taps in enumerate(self.taps):
            if len(taps) > 1 or (taps and taps[0] < 0):
                return None
            for tap in taps:
                first, start, count = runs[-1] if runs else (0, 0, 0)
                if count and first + count == i and start + count == tap:
                    runs[-1] = (first, start, count + 1)
                else:
                    runs.append((i, tap, 1))
        return tuple(runs)


IDENTITY = Reach(1, 1, (range(1),))


@record
class Window:
    """A sliding window along one axis, as a convolution and a pooling share it; padding in units before and after."""

    kernel: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0

    @property
    def extent(self) -> int:
        """Units from the first to the last tap."""
        return self.dilation * (self.kernel - 1) + 1

    def out(self, n: int, ceil: bool = False) -> int:
        """Output units for `n` input units (torch's rules: in ceil mode a window may end, but not start, beyond the input, even
        if it is the only one)."""
        room = n + self.before + self.after - self.extent
        if room < 0 and not (ceil and room > -self.stride):
            grown = f" (dilated to {self.extent})" if self.dilation > 1 else ""
            padded = f" padded to {n + self.before + self.after}" if self.before or self.after else ""
            raise RuleError(f"the kernel of {self.kernel}{grown} is larger than its input of {n}{padded}")
        if not ceil:
            return room // self.stride + 1
        out = -(-room // self.stride) + 1
        return out - 1 if (out - 1) * self.stride >= n + self.before else out

    def transposed_out(self, n: int, output_padding: int = 0) -> int:
        """Output units of the transposed window: (n-1)*stride - before - after + extent + output_padding."""
        out = (n - 1) * self.stride - self.before - self.after + self.extent + output_padding
        if out < 1:
            raise RuleError(f"the padding leaves no output: {n} units become {out}")
        return out

    def reach(self, fold: PaddingMode = PaddingMode.ZERO) -> Reach:
        """The relation of a convolution or pooling."""
        return window(self.kernel, self.stride, self.dilation, self.before, fold)

    def transposed_reach(self) -> Reach:
        """The relation of a transposed convolution."""
        return transposed(self.kernel, self.stride, self.dilation, self.before)


@lru_cache(maxsize=4096)
def window(kernel: int, stride: int = 1, dilation: int = 1, before: int = 0, fold: PaddingMode = PaddingMode.ZERO) -> Reach:
    """Unit i reads i*stride - before + dilation*t for t < kernel."""
    if kernel == stride == 1 and before == 0 and fold is PaddingMode.ZERO:
        return IDENTITY
    return Reach(1, stride, (range(-before, -before + dilation * (kernel - 1) + 1, dilation),), fold)


@lru_cache(maxsize=4096)
def transposed(kernel: int, stride: int, dilation: int, before: int) -> Reach:
    """Unit i reads (i + before - dilation*t) / stride for each t < kernel where that is whole."""
    common = gcd(dilation, stride)
    turn = stride // common  # the taps of one phase are this far apart
    inverse = pow(dilation // common, -1, turn)
    phases: list[Taps] = []
    for f in range(stride):
        first = (f + before) // common * inverse % turn
        if (f + before) % common or first >= kernel:
            phases.append(())
            continue
        last = first + (kernel - 1 - first) // turn * turn
        high, low = (f + before - dilation * first) // stride, (f + before - dilation * last) // stride
        step = dilation // common
        phases.append(tuple(range(low, high + 1, step)) if last == first else range(low, high + 1, step))
    return Reach(stride, 1, tuple(phases))


@lru_cache(maxsize=4096)
def shift(offset: int, fold: PaddingMode = PaddingMode.ZERO) -> Reach:
    """Unit i reads i + offset: a crop (offset > 0) or a pad (offset < 0)."""
    return Reach(1, 1, (range(offset, offset + 1),), fold) if offset or fold is not PaddingMode.ZERO else IDENTITY


@lru_cache(maxsize=1024)
def grow(ratio: int) -> Reach:
    """Unit i reads i // ratio: pixel shuffle, and nearest upsampling by a whole number."""
    return Reach(ratio, 1, (range(1),) * ratio) if ratio > 1 else IDENTITY


@lru_cache(maxsize=1024)
def gather(ratio: int) -> Reach:
    """Unit i reads ratio*i ... ratio*i + ratio-1: pixel unshuffle."""
    return window(ratio, ratio)


@lru_cache(maxsize=1024)
def only(period: int, phase: int) -> Reach:
    """Units `phase`, phase + period, ... read themselves, the others nothing."""
    return Reach(period, period, tuple(range(i, i + (i == phase)) for i in range(period)))


@lru_cache(maxsize=1024)
def blocks(size: int) -> Reach:
    """Unit i reads the whole block of `size` units in which it lies: windowed attention."""
    return Reach(size, size, (range(size),) * size) if size > 1 else IDENTITY


def per_axis(value: int | Sequence[int], rank: int, what: str) -> tuple[int, ...]:
    """One number per axis; raises RuleError if a list does not have `rank` entries."""
    if isinstance(value, int):
        return (value,) * rank
    if len(value) != rank:
        raise RuleError(f"{what} has {len(value)} numbers for an input of {rank} axes")
    return tuple(value)


Side = int | tuple[int, int]


@lru_cache(maxsize=8192)
def windows(
    size: tuple[int, ...],
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...],
    dilation: int | tuple[int, ...],
    padding: str | int | tuple[Side, ...],
) -> tuple[Window, ...]:
    """One Window per axis. `padding`: a number, numbers or pairs per axis, "valid", "half" or "same" (TensorFlow's rule)."""
    rank = len(size)
    k, s, d = per_axis(kernel, rank, "kernel"), per_axis(stride, rank, "stride"), per_axis(dilation, rank, "dilation")
    if isinstance(padding, str):
        pads = tuple(_named(padding, *axis) for axis in zip(size, k, s, d, strict=True))
    else:
        pads = sides(padding, rank)
    made = tuple(Window(*axis) for axis in zip(k, s, d, *zip(*pads, strict=True), strict=True)) if rank else ()
    for window in made:
        _check_sane(window)
    return made


def _check_sane(window: Window) -> None:
    """Raises RuleError for a window that no network has and that would take hours."""
    for what, value, most in (
        ("kernel", window.kernel, MOST_TAPS),
        ("stride", window.stride, MOST_TAPS),
        ("window", window.extent, MOST_UNITS),
        ("padding", max(window.before, window.after), max(window.extent, MOST_TAPS)),
    ):
        if value > most:
            raise RuleError(f"a {what} of {value:,} is beyond the limit of {most:,}")


def _named(rule: str, n: int, k: int, s: int, d: int) -> tuple[int, int]:
    if rule == "valid":
        return 0, 0
    if rule == "half":
        if d * (k - 1) % 2:
            raise RuleError(f"an even kernel ({k}) must say its padding: half of it is no whole number")
        return d * (k - 1) // 2, d * (k - 1) // 2
    total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
    return total // 2, total - total // 2


def sides(padding: int | tuple[Side, ...], rank: int) -> tuple[tuple[int, int], ...]:
    """(before, after) for each axis, from one number, one number per axis, or one pair per axis."""
    if isinstance(padding, int):
        return ((padding, padding),) * rank
    if len(padding) != rank:
        raise RuleError(f"padding has {len(padding)} entries for an input of {rank} axes")
    return tuple((side, side) if isinstance(side, int) else side for side in padding)
