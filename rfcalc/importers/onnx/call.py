"""One node of an ONNX graph as its handler sees it, and the table of handlers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rfcalc.importers.programs.handlers import Handlers
from rfcalc.importers.programs.program import Const, Program, Tensor, UnfollowedError
from rfcalc.record import record


@record(eq=False)
class Call:
    """A node: its operator, which of its outputs are read, its operands (None where one is left out), its attributes, the
    version of the operators, and how many outputs it has."""

    program: Program
    op: str
    reads: frozenset[int]
    inputs: Sequence[Any]
    attributes: Mapping[str, Any]
    opset: int
    outputs: int

    def get(self, i: int) -> Any:
        """Operand `i`, or None."""
        return self.inputs[i] if i < len(self.inputs) else None

    def tensor(self, i: int = 0) -> Tensor:
        """Operand `i`, which must depend on the network's input."""
        found = self.get(i)
        if not isinstance(found, Tensor):
            raise UnfollowedError(f"its operand {i} must depend on the network's input, and does not")
        return found

    def const(self, i: int, what: str) -> Const:
        """Operand `i`, which must not depend on the network's input."""
        found = self.get(i)
        if not isinstance(found, Const):
            raise UnfollowedError(f"its {what} depends on the input" if found is not None else f"it has no {what}")
        return found

    def optional(self, i: int, what: str) -> Const | None:
        """Operand `i`, a constant if it is there."""
        return None if self.get(i) is None else self.const(i, what)

    def value(self, i: int, what: str) -> Any:
        """The numbers of a constant operand as an array."""
        found = known(self.const(i, what))
        if found is None:
            raise UnfollowedError(f"its {what} is not known before the network runs")
        return found

    def numbers(self, i: int, name: str) -> list[int] | None:
        """Whole numbers that are an attribute in early versions, and operand `i` in later ones; None if they are left out."""
        if name in self.attributes:
            return self.ints(name)
        return None if self.get(i) is None else [int(n) for n in self.value(i, name).reshape(-1).tolist()]

    def ints(self, name: str, default: Sequence[int] = ()) -> list[int]:
        """An attribute that is a list of whole numbers."""
        found = self.attributes.get(name, default)
        if not isinstance(found, list | tuple) or not all(isinstance(n, int) for n in found):
            raise UnfollowedError(f"its {name} is no list of whole numbers")
        return list(found)

    def whole(self, name: str, default: int = 0) -> int:
        """An attribute that is a whole number."""
        found = self.attributes.get(name, default)
        if not isinstance(found, int):
            raise UnfollowedError(f"its {name} is no whole number")
        return found

    def real(self, name: str, default: float = 0.0) -> float:
        """An attribute that is a number."""
        found = self.attributes.get(name, default)
        if not isinstance(found, int | float):
            raise UnfollowedError(f"its {name} is no number")
        return float(f"{found:.7g}")

    def text(self, name: str, default: str = "") -> str:
        """An attribute that is a word."""
        found = self.attributes.get(name, default)
        if isinstance(found, bytes):
            found = found.decode(errors="replace")
        if not isinstance(found, str):
            raise UnfollowedError(f"its {name} is no word")
        return found

    def axis(self, value: int, rank: int | None = None) -> int:
        """An axis of the first operand, counted from the front."""
        rank = len(self.tensor().layout) if rank is None else rank
        if not -rank <= value < rank:
            raise UnfollowedError(f"there is no axis {value} in a tensor of {rank}")
        return value % rank


handles: Handlers[Call] = Handlers("rfcalc.importers.onnx", ("maps", "norms", "ops", "resize", "views"))


def known(const: Const) -> Any:
    """The numbers of a constant as an array, or None."""
    return const.value() if callable(const.value) else const.value


def number(value: Any) -> float | None:
    """The number that a constant is, if it is a single one that is not stored as a weight; else None."""
    if not isinstance(value, Const) or value.stored or any(n != 1 for n in value.shape):
        return None
    found = known(value)
    return None if found is None or found.size != 1 or found.dtype.kind not in "iufb" else float(f"{float(found.flat[0]):.7g}")
