"""Channel relations: which channels of its input an output channel reads, as bit sets."""

from __future__ import annotations

from collections.abc import Sequence

from rfcalc.errors import RuleError
from rfcalc.record import record

MOST_CHANNELS = 1 << 20  # that are told apart: more than a network has, and a bit of each for every layer behind


def told_apart(channels: int) -> int:
    """The number of channels of a layer that selects or moves some; raises RuleError if they are too many for bit sets."""
    if channels > MOST_CHANNELS:
        raise RuleError(f"{channels:,} channels are beyond the limit of {MOST_CHANNELS:,} that can be told apart")
    return channels


class Mix:
    """Channel relation: every output channel reads every input channel."""

    def push(self, mask: int) -> int:
        """Output channels (a bit set) that read any of the input channels in `mask`; -1 stands for all."""
        return -1 if mask else 0

    def pull(self, mask: int) -> int:
        """Input channels that the output channels in `mask` read; -1 stands for all."""
        return -1 if mask else 0


class Same(Mix):
    """Channel relation: output channel c reads input channel c."""

    def push(self, mask: int) -> int:
        return mask

    def pull(self, mask: int) -> int:
        return mask


MIX, SAME = Mix(), Same()


@record
class Grouped(Mix):
    """Channel relation: output channels of group g read the input channels of group g (`wide` in, `out` out per group)."""

    groups: int
    wide: int
    out: int

    def push(self, mask: int) -> int:
        return _regroup(mask, self.groups, self.wide, self.out)

    def pull(self, mask: int) -> int:
        return _regroup(mask, self.groups, self.out, self.wide)


def _regroup(mask: int, groups: int, old: int, new: int) -> int:
    if mask == -1 or not mask:
        return mask
    if old == new == 1:
        return mask
    window, full, regrouped = (1 << old) - 1, (1 << new) - 1, 0
    for g in range(groups):
        if mask >> (g * old) & window:
            regrouped |= full << (g * new)
    return regrouped


@record
class Route(Mix):
    """Channel relation of layers that place or select: output channel out[i] reads input channel source[i] only."""

    out: range | tuple[int, ...]
    source: range | tuple[int, ...]

    def push(self, mask: int) -> int:
        return _route(mask, self.source, self.out)

    def pull(self, mask: int) -> int:
        return _route(mask, self.out, self.source)


def _route(mask: int, old: range | tuple[int, ...], new: range | tuple[int, ...]) -> int:
    if isinstance(old, range) and isinstance(new, range) and old.step == new.step == 1:
        return (mask >> old.start & ((1 << len(old)) - 1)) << new.start
    if mask < 0:
        mask = (1 << (max(old) + 1)) - 1
    digits = f"{mask:b}"[::-1].ljust(max(old) + 1, "0")
    taken: Sequence[str] = digits[old.start : old.stop : old.step] if isinstance(old, range) else [digits[i] for i in old]
    row = ["0"] * (max(new) + 1)
    if isinstance(new, range):
        row[new.start : new.stop : new.step] = taken
    else:
        for place, digit in zip(new, taken, strict=True):
            if digit == "1":  # several may go to one place
                row[place] = "1"
    return int("".join(reversed(row)), 2)


@record
class Band(Mix):
    """Channel relation of a window across channels: output c reads c - before ... c + after."""

    before: int
    after: int
    channels: int

    def push(self, mask: int) -> int:
        return self._spread(mask, self.before, self.after)

    def pull(self, mask: int) -> int:
        return self._spread(mask, self.after, self.before)

    def _spread(self, mask: int, up: int, down: int) -> int:
        if mask == -1:
            return mask
        spread = mask
        for by in range(1, max(up, down) + 1):
            spread |= (mask << by if by <= up else 0) | (mask >> by if by <= down else 0)
        return spread & ((1 << self.channels) - 1)
