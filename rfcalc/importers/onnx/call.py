"""One node of an ONNX graph as its handler sees it, and the table of handlers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rfcalc.importers.programs import call
from rfcalc.importers.programs.arithmetic import with_stored
from rfcalc.importers.programs.handlers import FAMILIES, Handlers
from rfcalc.importers.programs.program import Const, Tensor, UnfollowedError
from rfcalc.record import record


@record(eq=False)
class NodeCall(call.Call):
    """The node's operands by their numbers (None where one is left out), its attributes, the version of the operators, and how
    many outputs it has."""

    inputs: Sequence[Any]
    attributes: Mapping[str, Any]
    opset: int
    outputs: int

    def get(self, key: int) -> Any:
        return self.inputs[key] if key < len(self.inputs) else None

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


MICROSOFT = "com.microsoft"  # the domain of onnxruntime's own operators
handles: Handlers[NodeCall] = Handlers("rfcalc.importers.onnx", FAMILIES)


def quantized(weight: Const, others: Iterable[Any]) -> Const:
    """A weight together with the scales and zero points of its quantization."""
    stored = weight.stored.union(*(const.stored for const in others if isinstance(const, Const)))
    return Const(weight.shape, stored, weight.made)


def scaled(call: NodeCall, tensor: Tensor, kept: Iterable[Any]) -> Tensor:
    """What a quantized operator gives, in its scale: the scales and zero points that it keeps are counted here."""
    return with_stored(call.program, "mul", tensor, [const for const in kept if isinstance(const, Const)])
