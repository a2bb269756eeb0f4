"""The table from ATen operators to what they mean, and one call of an operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rfcalc.importers.programs.program import Const, Program, Tensor, UnfollowedError
from rfcalc.record import record


@record
class Call:
    """One call of an operator: its name, its arguments by name, the shape that it gives, which of its outputs are read."""

    program: Program
    name: str
    arguments: dict[str, Any]
    shape: tuple[int, ...] | None
    batch: int
    reads: frozenset[int]

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


Handler = Callable[[Call], Any]

HANDLERS: dict[str, Handler] = {}


def handles(*names: str) -> Callable[[Handler], Handler]:
    """Registers a handler for operators, by their names without `aten.`, overload and trailing underscore."""

    def register(handler: Handler) -> Handler:
        for name in names:
            HANDLERS[name] = handler
        return handler

    return register


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
