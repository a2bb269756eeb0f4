"""The taps of each phase of a relation, by a rule: each is worked out when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

Taps = range | tuple[int, ...]


class Phases(Sequence[Taps]):
    """`count` phases, of which each reads something."""

    def __init__(self, rule: Callable[[int], Taps], count: int) -> None:
        self._rule, self._count, self._known = rule, count, dict[int, Taps]()

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, phase: int) -> Taps: ...
    @overload
    def __getitem__(self, phase: slice) -> tuple[Taps, ...]: ...
    def __getitem__(self, phase: int | slice) -> Taps | tuple[Taps, ...]:
        if isinstance(phase, slice):
            return tuple(self[i] for i in range(self._count)[phase])
        if phase not in self._known:
            self._known[phase] = self._rule(range(self._count)[phase])
        return self._known[phase]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Phases) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash((self._count, self[0]))
