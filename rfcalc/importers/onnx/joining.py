"""What ONNX's operators mean that join tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rfcalc.importers.onnx.call import MICROSOFT, NodeCall, handles, scaled
from rfcalc.importers.programs import joining
from rfcalc.importers.programs.program import Tensor


@handles("Concat")
def _concat(call: NodeCall) -> Tensor:
    return _joined(call, [part for part in call.inputs if part is not None], call.whole("axis", 1))


@handles(f"{MICROSOFT}.QLinearConcat", kept=tuple(i for i in range(200) if i % 3 != 2))
def _quantized_concat(call: NodeCall) -> Tensor:
    """The output's scale and zero point, then each part with its own."""
    found = _joined(call, call.inputs[2::3], call.whole("axis", 1))
    return scaled(call, found, [value for i, value in enumerate(call.inputs) if i % 3 != 2])


@handles("ConcatFromSequence")
def _concat_sequence(call: NodeCall) -> Tensor:
    return _joined(call, call.get(0), call.whole("axis"))


def _joined(call: NodeCall, parts: Sequence[Any], axis: int) -> Tensor:
    first = next(part for part in parts if isinstance(part, Tensor))
    return joining.concat(call.program, parts, call.axis(axis, len(first.shape)))


@handles("SequenceConstruct")
def _sequence(call: NodeCall) -> list[Any]:
    return list(call.inputs)
