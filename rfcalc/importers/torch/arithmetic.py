"""ATen operators on each number: functions, activations, arithmetic, choices."""

from __future__ import annotations

from typing import Any

from rfcalc.importers.programs import arithmetic, selection
from rfcalc.importers.programs.arithmetic import binary, opaque, unary
from rfcalc.importers.programs.program import Const, Tensor
from rfcalc.importers.torch.call import Call, handles
from rfcalc.layers.vocabulary.activation import FUNCTIONS
from rfcalc.layers.vocabulary.generic import UNARY


@handles(*FUNCTIONS)
def _activation(call: Call) -> Tensor:
    return unary(call.program, call.name, call.tensor())


@handles("leaky_relu", "elu", "celu", "rrelu", "threshold", "hardshrink", "softshrink")
def _leaky(call: Call) -> Tensor:
    if call.name in ("leaky_relu", "rrelu"):
        slope = call["negative_slope"] if call.name == "leaky_relu" else (call["lower"] + call["upper"]) / 2
        return unary(call.program, "leakyrelu", call.tensor(), slope=float(slope))
    plain = call.name in ("elu", "celu") and call["alpha"] in (None, 1) and call["scale"] in (None, 1)
    return unary(call.program, "elu", call.tensor()) if plain else opaque(call.program, call.tensor())


@handles("hardtanh", "clamp", "clip", "clamp_min", "clamp_max")
def _clamp(call: Call) -> Any:
    low, high = ("min_val", "max_val") if call.name == "hardtanh" else ("min", "max")
    return arithmetic.clipped(call.program, call.x, call[low], call[high])


@handles("prelu", "_prelu_kernel")
def _prelu(call: Call) -> Tensor:
    tensor, weight = call.tensor(), call.const("weight")
    per_channel = weight.shape + (1,) * (len(tensor.layout) - 2) if len(weight.shape) == 1 else weight.shape
    return arithmetic.prelu(call.program, tensor, Const(per_channel, weight.stored, weight.made))


@handles("glu")
def _glu(call: Call) -> Tensor:
    dim = call.axis(call["dim"])
    half = call.x.shape[dim] // 2
    value, gate = selection.chunks(call.program, call.tensor(), dim, [half, half])
    return binary(call.program, "mul", value, unary(call.program, "sigmoid", gate))


@handles("dropout", "feature_dropout", "alpha_dropout", "native_dropout")
def _dropout(call: Call) -> Any:
    p = call["p"] or 0.0
    found = unary(call.program, "dropout", call.tensor(), p=float(p)) if p else call.tensor()
    return (found, Const(found.shape)) if call.name == "native_dropout" else found  # the mask does not depend on the input


@handles(*UNARY, "log_sigmoid")
def _function(call: Call) -> Tensor:
    name = {"log_sigmoid": "logsigmoid"}.get(call.name, call.name)
    return unary(call.program, "pointwise", call.tensor(), function=name)


@handles("add", "sub", "subtract", "rsub", "mul", "multiply", "div", "divide", "true_divide", "maximum", "minimum", "pow")
def _arithmetic(call: Call) -> Tensor:
    name = {"subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div", "maximum": "max", "minimum": "min"}
    function = name.get(call.name, call.name)
    first, second = call.x, call["exponent"] if "exponent" in call.arguments else call["other"]
    if function == "rsub":
        first, second, function = second, first, "sub"
    if call["alpha"] not in (None, 1) and isinstance(second, Tensor):
        second = binary(call.program, "mul", second, call["alpha"])
    return binary(call.program, function, first, second)


@handles("addcmul", "addcdiv", "lerp")
def _fused(call: Call) -> Tensor:
    if call.name == "lerp":
        moved = binary(call.program, "sub", call["end"], call.x)
        return binary(call.program, "add", binary(call.program, "mul", moved, call["weight"]), call.x)
    term = binary(call.program, "mul" if call.name == "addcmul" else "div", call["tensor1"], call["tensor2"])
    return binary(call.program, "add", term, call.x)


@handles("where")
def _where(call: Call) -> Tensor:
    return arithmetic.picked(
        call.program, call["condition"], call.x if "self" in call.arguments else call["input"], call["other"]
    )


@handles("tril", "triu")
def _triangle(call: Call) -> Tensor:
    return arithmetic.chosen(call.program, [call.x], True)


@handles("masked_fill")
def _filled(call: Call) -> Tensor:
    return arithmetic.chosen(call.program, call.arguments.values(), isinstance(call["mask"], Const))


@handles("ne", "eq", "gt", "lt", "ge", "le", "nan_to_num", "floor_divide", "remainder", "fmod")
@handles("logical_and", "logical_or", "logical_xor", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not", "atan2")
@handles("__and__", "__or__", "__xor__", "hypot", "heaviside", "copysign")
def _masked(call: Call) -> Tensor:
    return arithmetic.chosen(call.program, call.arguments.values())
