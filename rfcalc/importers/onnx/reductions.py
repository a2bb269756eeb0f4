"""What ONNX's operators mean that join the numbers along axes."""

from __future__ import annotations

from rfcalc.importers.onnx.call import NodeCall, handles
from rfcalc.importers.programs import reductions
from rfcalc.importers.programs.program import Tensor

KINDS = {"L1": "l1", "L2": "norm", "LogSum": "logsum", "LogSumExp": "logsumexp", "SumSquare": "sumsquare"}
KINDS |= {name: name.lower() for name in ("Mean", "Sum", "Max", "Min", "Prod")}


@handles(*(f"Reduce{name}" for name in KINDS))
def _reduce(call: NodeCall) -> Tensor:
    axes = call.numbers(1, "axes") or []
    if not axes and call.whole("noop_with_empty_axes"):
        return call.tensor()
    kind, keep = KINDS[call.name.removeprefix("Reduce")], bool(call.whole("keepdims", 1))
    return reductions.joined(call.program, kind, call.tensor(), [call.axis(axis) for axis in axes], keep)


@handles("ArgMax", "ArgMin")
def _place(call: NodeCall) -> Tensor:
    axes, keep = [call.axis(call.whole("axis"))], bool(call.whole("keepdims", 1))
    return reductions.place(call.program, call.name[3:].lower(), call.tensor(), axes, keep)
