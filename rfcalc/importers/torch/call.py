"""One call of an ATen operator as its handler sees it, and the table of handlers: by the operators' names without `aten.`,
overload and trailing underscore."""

from __future__ import annotations

from typing import Any

from rfcalc.importers.programs import call
from rfcalc.importers.programs.handlers import FAMILIES, Handlers
from rfcalc.record import record

FIRST = ("self", "input", "query", "tensors", "condition", "x1")


@record(eq=False)
class Call(call.Call):
    """The operator's arguments by name, and the shape that it gives."""

    arguments: dict[str, Any]
    shape: tuple[int, ...] | None

    def get(self, key: str) -> Any:
        return self.arguments.get(key)

    def __getitem__(self, name: str) -> Any:
        return self.arguments.get(name)

    @property
    def first(self) -> Any:
        return next(self.arguments[name] for name in FIRST if name in self.arguments)

    @property
    def x(self) -> Any:
        """The first operand, which may be a constant where another one depends on the input."""
        return self.first

    @property
    def sizes(self) -> tuple[int, ...]:
        """The shape that the operator gives."""
        return self.shape or ()


handles: Handlers[Call] = Handlers("rfcalc.importers.torch", FAMILIES)
