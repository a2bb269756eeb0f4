"""What a layer is: a small frozen record that states four facts about itself. Everything else is a fold over them.

    shape   the output's shape, given the inputs' shapes
    reach   which positions and channels of each input an output position reads
    cost    multiply-accumulates, parameters, buffers, element-wise operations, what training keeps
    torch   the same layer as torch source (nothing here imports torch)

No fact has a default: nothing counts as zero because nobody thought of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import ClassVar, Protocol, runtime_checkable

from rfcalc.geometry import IDENTITY, Reach
from rfcalc.record import record


@record
class Shape:
    """Channels and the size of each spatial axis, without the batch; a vector has no axes."""

    channels: int
    size: tuple[int, ...] = ()

    @property
    def rank(self) -> int:
        """How many spatial axes."""
        return len(self.size)

    @property
    def positions(self) -> int:
        """Units per channel."""
        return prod(self.size)

    @property
    def elements(self) -> int:
        """Numbers in the tensor, batch 1."""
        return self.channels * prod(self.size)

    def __str__(self) -> str:
        return "x".join(str(n) for n in (self.channels, *self.size))


Shapes = Sequence[Shape]


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
    window, full, found = (1 << old) - 1, (1 << new) - 1, 0
    for g in range(groups):
        if mask >> (g * old) & window:
            found |= full << (g * new)
    return found


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
        found = mask
        for by in range(1, max(up, down) + 1):
            found |= (mask << by if by <= up else 0) | (mask >> by if by <= down else 0)
        return found & ((1 << self.channels) - 1)


@record
class Read:
    """One product of relations: how an output unit reads input number `source`.

    `axes` has one Reach per spatial axis of the input, or None where the whole axis is read. An empty tuple stands for
    "each unit reads itself" on every axis. A layer that reads a union of products states several Reads.
    `phases`, if given, restricts the Read to output positions i with i % period == phase, one (period, phase) per axis.
    """

    source: int
    axes: tuple[Reach | None, ...] = ()
    channels: Mix = SAME
    phases: tuple[tuple[int, int], ...] = ()

    @property
    def local(self) -> bool:
        """False if a whole axis is read."""
        return None not in self.axes

    @property
    def pointwise(self) -> bool:
        """True if each unit reads its own position only."""
        return not self.phases and all(axis is IDENTITY for axis in self.axes)


POINTWISE = (Read(0),)


def whole(shape: Shape, source: int = 0) -> Read:
    """The Read of a layer in which every unit sees the whole of an input."""
    return Read(source, (None,) * shape.rank, MIX)


@record
class Cost:
    """What a layer costs at batch 1, in whole numbers.

    macs: multiply-accumulates of convolutions and matrix products (taps on padding count, biases do not).
    elements: (kind, count) of every other operation, so that each tool's convention can be derived from them.
    keeps: which of its tensors the backward pass reads: "input", "output", "input output", or "" for none; those of the
        form that overwrites the input, if torch has one that needs no copy.
    storage: where the output lies: "new" memory; "inplace" if torch has a form that overwrites the (first) input; "view" of
        it; "idle", a view at inference and new memory in training (dropout).
    saved: elements of activations that training keeps beyond the tensors that `keeps` names (the layer's own).
    words: the same in units of 4 bytes, whatever the type of the activations (indices, statistics of one image).
    statistics: the same, but once per batch instead of once per image (batch norm).
    inner: elements of activations that live only within the layer, at its busiest moment, besides inputs and output.
    scratch: bytes that do so, whatever the type of the activations (a max pool's indices, a norm's statistics).
    """

    macs: int
    params: int
    buffers: int
    elements: tuple[tuple[str, int], ...]
    keeps: str
    storage: str
    saved: int = 0
    words: int = 0
    statistics: int = 0
    inner: int = 0
    scratch: int = 0


@record
class Torch:
    """A layer as torch source. `module` constructs it ("nn.Conv2d(3, 64, ...)"; empty if it holds no state);
    `forward` is an expression over {self} and the inputs {0}, {1}, ... ("{self}({0})", "torch.cat([{0}, {1}], 1)").
    Several inputs of a variadic layer are written {all} ("a, b, c"). `helper` is the definition of a class that `module`
    constructs, if torch has none; a file needs each distinct text once."""

    module: str = ""
    forward: str = "{self}({0})"
    helper: str = ""


@runtime_checkable
class Op(Protocol):
    """A layer: a frozen dataclass whose fields are its settings (see settings.py), and the four facts.

    Every fact takes the shapes of the inputs. `shape` raises RuleError for inputs that do not fit; the other facts
    are asked only after it has succeeded.
    """

    word: ClassVar[str]

    def shape(self, inputs: Shapes) -> Shape: ...

    def reach(self, inputs: Shapes) -> tuple[Read, ...]: ...

    def cost(self, inputs: Shapes) -> Cost: ...

    def torch(self, inputs: Shapes) -> Torch: ...
