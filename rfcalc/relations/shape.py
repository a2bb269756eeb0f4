"""The shape of a tensor: channels and spatial axes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import prod

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

    @cached_property
    def positions(self) -> int:
        """Units per channel."""
        return prod(self.size)

    @cached_property
    def elements(self) -> int:
        """Numbers in the tensor, batch 1."""
        return self.channels * self.positions

    def __str__(self) -> str:
        return "x".join(str(n) for n in (self.channels, *self.size))


Shapes = Sequence[Shape]
