"""A design space: every combination of the values of its axes, by number. No design is made before it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import prod

from rfcalc.language.marked import Marked
from rfcalc.language.space import Choices
from rfcalc.record import record


@record(eq=False)
class Space:
    """The designs of one spec: `axes`, of which each combination is a design, the last one changing fastest; `fixed`: what is
    the same in all designs, or follows from other params."""

    axes: tuple[Choices, ...]
    fixed: tuple[Choices, ...] = ()

    @cached_property
    def count(self) -> int:
        """How many designs there are."""
        return prod(len(axis) for axis in self.axes)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """What the axes set."""
        return tuple(axis.key for axis in self.axes)

    def numbers(self, index: int) -> list[int]:
        """The numbers of a design's values on each axis."""
        found = []
        for axis in reversed(self.axes):
            index, number = divmod(index, len(axis))
            found.append(number)
        return found[::-1]

    def nodes(self, index: int) -> dict[str, Marked]:
        """What a design sets, with the places where its values stand."""
        return {**self._same, **{a.key: a.node(n) for a, n in zip(self.axes, self.numbers(index), strict=True)}}

    def texts(self, index: int) -> dict[str, str]:
        """The values of a design on each axis, as a spec writes them."""
        return {axis.key: axis.text(n) for axis, n in zip(self.axes, self.numbers(index), strict=True)}

    @cached_property
    def _same(self) -> dict[str, Marked]:
        return {one.key: one.node(0) for one in self.fixed}


def space_of(stated: Mapping[str, Choices], asked: Mapping[str, Choices]) -> Space:
    """The space that a spec states, with what was asked for in its place."""
    every: Sequence[Choices] = [*{**stated, **asked}.values()]
    return Space(tuple(one for one in every if one.free), tuple(one for one in every if not one.free))
