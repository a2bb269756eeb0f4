"""One product of relations: how an output unit reads one input, on every axis and by channels."""

from __future__ import annotations

from rfcalc.record import record
from rfcalc.relations.channels import MIX, SAME, Mix
from rfcalc.relations.geometry import IDENTITY, Reach
from rfcalc.relations.shape import Shape


@record
class Read:
    """One product of relations: how an output unit reads input number `source`.

    `axes` has one Reach per spatial axis of the input, or None where the whole axis is read. An empty tuple stands for
    "each unit reads itself" on every axis. A layer that reads a union of products states several Reads.
    `phases`, if given, restricts the Read to output positions i with i % period == phase, one (period, phase) per axis.
    `together`: channels of the output read different positions, and `axes` are those of all channels together.
    """

    source: int
    axes: tuple[Reach | None, ...] = ()
    channels: Mix = SAME
    phases: tuple[tuple[int, int], ...] = ()
    together: bool = False

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
