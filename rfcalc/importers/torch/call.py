"""One call of an ATen operator as its handler sees it, and the table of handlers: by the operators' names without `aten.`,
overload and trailing underscore."""

from __future__ import annotations

from typing import Any

from rfcalc.importers.programs.handlers import Handlers
from rfcalc.importers.programs.program import Const, Program, Tensor, UnfollowedError
from rfcalc.record import record


@record
class Call:
    """One call of an operator: its name, which of its outputs are read, its arguments by name, the
    shape that it gives."""

    program: Program
    name: str
    reads: frozenset[int]
    arguments: dict[str, Any]
    shape: tuple[int, ...] | None

    def __getitem__(self, name: str) -> Any:
        return self.arguments.get(name)

    @property
    def x(self) -> Any:
        """The operand that every operator has."""
        return next(
            self.arguments[name] for name in ("self", "input", "query", "tensors", "condition", "x1") if name in self.arguments
        )

    def dim(self, value: int) -> int:
        """An axis counted from the front."""
        return value % max(1, len(self.x.layout))


handles: Handlers[Call] = Handlers("rfcalc.importers.torch", ("views", "maps", "products", "numbers"))


def tensor_of(value: Any) -> Tensor:
    """The operand, which must depend on the input."""
    if not isinstance(value, Tensor):
        raise UnfollowedError("an operand that must depend on the input does not")
    return value


def const_of(value: Any, what: str) -> Const:
    """The operand, which must not depend on the input."""
    if not isinstance(value, Const):
        raise UnfollowedError(f"its {what} depends on the input")
    return value
