"""What kind of layer a record is, and the values that rules, transforms and tables ask of some kinds: a window, a norm."""

from __future__ import annotations

from enum import Enum

from rfcalc.record import record
from rfcalc.relations.geometry import Side, Window, windows
from rfcalc.relations.shape import Shape


class LayerKind(Enum):
    """What a layer does. Each record states one."""

    INPUT = "input"
    SOURCE = "source"  # numbers that do not depend on the network's input
    CONVOLUTION = "convolution"  # learned filters that slide over the positions; a masked one too
    TRANSPOSED = "transposed convolution"
    LINEAR = "linear layer"  # each number of the output from all numbers of the input, by learned weights
    NORM = "norm"
    ACTIVATION = "activation"  # a function of each number
    DROPOUT = "dropout"
    IDENTITY = "identity"
    POOL = "pool"  # the maximum or the average of positions; without a sliding window, to a size of its own
    VIEW = "view"  # moves or selects numbers
    OTHER = "other"  # nobody asks for more


@record
class Sliding:
    """A window that slides over the positions, as the settings of a layer say it: numbers for all axes, or one per axis.

    `groups`: groups of channels that do not see each other; None: each channel by itself. `masked`: not all taps are read.
    """

    kernel: int | tuple[int, ...]
    stride: int | tuple[int, ...] = 1
    dilation: int | tuple[int, ...] = 1
    padding: str | int | tuple[Side, ...] = 0
    groups: int | None = 1
    transposed: bool = False
    masked: bool = False

    def on(self, size: tuple[int, ...]) -> tuple[Window, ...]:
        """The window on each axis of a map of this size; raises RuleError."""
        told = size if self.padding == "same" else (0,) * len(size)  # only this rule asks for the size
        return windows(told, self.kernel, self.stride, self.dilation, self.padding)


@record
class Norm:
    """What shares one mean and deviation: channels in `groups` groups (1: all, or those around; None: each by itself), the
    `positions` of a map, the images of a `batch`. `centred`: the mean is taken away."""

    groups: int | None
    positions: bool
    batch: bool = False
    centred: bool = True

    def by_channel(self, channels: int) -> bool:
        """Whether each channel has a mean of its own, which a number that is added to the channel only moves."""
        return self.groups in (None, channels)

    def values(self, shape: Shape) -> int:
        """How many numbers of one image share a mean."""
        channels = 1 if self.groups is None else shape.channels // self.groups
        return channels * (shape.positions if self.positions else 1)
