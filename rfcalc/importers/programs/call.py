"""One call of an operator as its handler sees it, whatever the kind of program."""

from __future__ import annotations

from typing import Any

from rfcalc.importers.programs.constants import known
from rfcalc.importers.programs.program import Const, Program, Tensor, UnfollowedError
from rfcalc.record import record


@record(eq=False)
class Call:
    """An operator's name, and which of its outputs are read. Operands have numbers or names, as the kind of program has it."""

    program: Program
    name: str
    reads: frozenset[int]

    def get(self, key: Any) -> Any:
        """An operand; None for one that is left out."""
        raise NotImplementedError

    @property
    def first(self) -> Any:
        """The operand that every operator has."""
        return self.get(0)

    def tensor(self, key: Any = None) -> Tensor:
        """An operand (the first one if no other is named), which must depend on the network's input."""
        found = self.first if key is None else self.get(key)
        if not isinstance(found, Tensor):
            what = "first operand" if key is None else f"operand {key}"
            raise UnfollowedError(f"its {what} must depend on the network's input, and does not")
        return found

    def const(self, key: Any, what: str = "") -> Const:
        """An operand which must not depend on the network's input."""
        found = self.get(key)
        if not isinstance(found, Const):
            what = what or str(key)
            raise UnfollowedError(f"its {what} depends on the input" if found is not None else f"it has no {what}")
        return found

    def optional(self, key: Any, what: str = "") -> Const | None:
        """The same, of an operand that may be left out."""
        return None if self.get(key) is None else self.const(key, what)

    def value(self, key: Any, what: str = "") -> Any:
        """The numbers of a constant operand as an array."""
        found = known(self.const(key, what))
        if found is None:
            raise UnfollowedError(f"its {what or key} is not known before the network runs")
        return found

    def axis(self, value: int, rank: int | None = None) -> int:
        """An axis of the first operand, or of a tensor of `rank` axes, counted from the front."""
        rank = max(1, len(self.first.shape) if rank is None else rank)
        if not -rank <= value < rank:
            raise UnfollowedError(f"there is no axis {value} in a tensor of {rank}")
        return value % rank
