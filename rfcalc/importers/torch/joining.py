"""ATen operators that join tensors, or write one into another."""

from __future__ import annotations

from typing import Any

from rfcalc.importers.programs import joining
from rfcalc.importers.programs.program import Tensor, UnfollowedError
from rfcalc.importers.programs.views import expanded, widened
from rfcalc.importers.torch.call import Call, handles


@handles("cat", "concat", "concatenate")
def _cat(call: Call) -> Tensor:
    parts = [part for part in call["tensors"] if part.shape != (0,)]  # torch leaves out empty lists of numbers
    return joining.concat(call.program, parts, call.axis(call["dim"], len(call.sizes)))


@handles("stack")
def _stack(call: Call) -> Tensor:
    dim = call.axis(call["dim"], len(call.sizes))
    return joining.concat(call.program, [widened(part, dim) for part in call["tensors"]], dim)


@handles("copy", shapes=("self",))
def _copy(call: Call) -> Tensor:
    return expanded(call.tensor("src"), call.sizes)


@handles("slice_scatter", "select_scatter")
def _scatter(call: Call) -> Any:
    dim = call.axis(call["dim"])
    part, start = call["src"], call["start"] or 0
    if call.name == "select_scatter":
        part, start = widened(part, dim), call["index"]
    elif call["step"] != 1:
        raise UnfollowedError("writes every other value")
    return joining.placed(call.program, call.x, part, dim, start % call.x.shape[dim])
