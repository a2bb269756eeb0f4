"""What ONNX's operators mean that work on each number: functions, activations, arithmetic, choices."""

from __future__ import annotations

from math import prod
from typing import Any

from rfcalc.importers.onnx.call import MICROSOFT, NodeCall, handles, scaled
from rfcalc.importers.programs import arithmetic
from rfcalc.importers.programs.arithmetic import binary, opaque, unary, with_stored
from rfcalc.importers.programs.constants import number
from rfcalc.importers.programs.program import Const, Tensor, UnfollowedError
from rfcalc.importers.programs.views import expanded, widened
from rfcalc.relations.geometry import MOST_UNITS

# operator: layer
WORDS = {
    "Relu": "relu",
    "Selu": "selu",
    "Sigmoid": "sigmoid",
    "HardSwish": "hardswish",
    "HardSigmoid": "hardsigmoid",
    "Softplus": "softplus",
    "Tanh": "tanh",
    "Gelu": "gelu",
    "Mish": "mish",
    "Swish": "silu",
    "Celu": "elu",
    "ThresholdedRelu": "relu",
    "Shrink": "relu",
    "com.microsoft.Gelu": "gelu",
    "com.microsoft.FastGelu": "gelu",
    "com.microsoft.QuickGelu": "gelu",
}
# operator: function of the layer `pointwise`
FUNCTIONS = {
    "Softsign": "softsign",
    "Not": "logical_not",
    "BitwiseNot": "logical_not",
    "IsNaN": "isnan",
    "IsInf": "isinf",
}
FUNCTIONS |= {
    name.capitalize(): name
    for name in """exp log sqrt abs neg reciprocal sin cos tan asin acos atan sinh cosh asinh acosh atanh erf sign floor ceil
    round""".split()  # noqa: SIM905
}
BINARY = {"Add": "add", "Sub": "sub", "Mul": "mul", "Div": "div", "Pow": "pow"}
MANY = {"Sum": "add", "Max": "max", "Min": "min", "Mean": "add"}
CHOSEN = ("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "And", "Or", "Xor", "BitwiseAnd", "BitwiseOr", "Mod")


@handles(*WORDS)
def _activation(call: NodeCall) -> Tensor:
    return unary(call.program, WORDS[call.name], call.tensor())


@handles(*FUNCTIONS)
def _function(call: NodeCall) -> Tensor:
    return unary(call.program, "pointwise", call.tensor(), function=FUNCTIONS[call.name])


@handles("LeakyRelu", "Elu")
def _leaky(call: NodeCall) -> Tensor:
    if call.name == "Elu":
        return unary(call.program, "elu", call.tensor(), alpha=call.real("alpha", 1.0))
    return unary(call.program, "leakyrelu", call.tensor(), slope=call.real("alpha", 0.01))


@handles("PRelu", learned=(1,))
def _prelu(call: NodeCall) -> Tensor:
    return arithmetic.prelu(call.program, call.tensor(), call.const(1, "slope"))


@handles("Clip", settings=(1, 2))
def _clip(call: NodeCall) -> Any:
    low: Any = call.optional(1, "limit")
    high: Any = call.optional(2, "limit")
    if "min" in call.attributes or "max" in call.attributes or call.opset < 11:
        low, high = (call.real(name) if name in call.attributes else None for name in ("min", "max"))
    return arithmetic.clipped(call.program, call.tensor(), low, high)


@handles("Dropout", settings=(1, 2))
def _dropout(call: NodeCall) -> Any:
    ratio = call.get(1) if "ratio" not in call.attributes else None
    p = number(ratio) if ratio is not None else call.real("ratio", 0.5)
    found = unary(call.program, "dropout", call.tensor(), p=min(1.0, max(0.0, p if p is not None else 0.5)))
    return found, Const(found.shape)  # the mask does not depend on the input


@handles("QuantizeLinear", "DequantizeLinear", f"{MICROSOFT}.QuantizeLinear", f"{MICROSOFT}.DequantizeLinear", kept=(1, 2))
def _quantize(call: NodeCall) -> Tensor:
    scale, zero = call.const(1, "scale"), call.optional(2, "zero point")
    function = "div" if call.name.endswith("QuantizeLinear") and "Dequantize" not in call.name else "mul"
    axis = call.whole("axis", 1)
    tensor = call.tensor()
    if prod(scale.shape) > 1 and len(scale.shape) == 1:
        axis = call.axis(axis)
        shape = tuple(scale.shape[0] if i == axis else 1 for i in range(len(tensor.layout)))
        scale = Const(shape, scale.stored, scale.made)
        zero = Const(shape, zero.stored, zero.made) if zero is not None else None
    return with_stored(call.program, function, tensor, [c for c in (scale, zero) if c is not None])


@handles(f"{MICROSOFT}.QLinearSigmoid", f"{MICROSOFT}.QLinearLeakyRelu", kept=(1, 2, 3, 4))
def _quantized_function(call: NodeCall) -> Tensor:
    word = "sigmoid" if call.name.endswith("Sigmoid") else "leakyrelu"
    settings = {} if word == "sigmoid" else {"slope": call.real("alpha", 0.01)}
    return scaled(call, unary(call.program, word, call.tensor(), **settings), call.inputs[1:])


@handles(f"{MICROSOFT}.QLinearAdd", f"{MICROSOFT}.QLinearMul", kept=(1, 2, 4, 5, 6, 7))
def _quantized_arithmetic(call: NodeCall) -> Tensor:
    function = "add" if call.name.endswith("Add") else "mul"
    found = binary(call.program, function, call.get(0), call.get(3))
    return scaled(call, found, [*call.inputs[1:3], *call.inputs[4:]])


@handles(*BINARY, *MANY)
def _arithmetic(call: NodeCall) -> Tensor:
    function = BINARY.get(call.name) or MANY[call.name]
    operands = [_aligned(call, operand) for operand in call.inputs]
    if call.name in MANY:  # constants last, so that each step has an operand that depends on the input
        operands.sort(key=lambda value: not isinstance(value, Tensor))
    if len(operands) == 1:
        return call.tensor()
    found: Any = operands[0]
    for other in operands[1:]:
        found = binary(call.program, function, found, other)
    return binary(call.program, "div", found, float(len(operands))) if call.name == "Mean" else found


def _aligned(call: NodeCall, operand: Any) -> Any:
    """Before version 7 an operand said with which axis of the first one its own begin."""
    if call.opset >= 7 or not call.whole("broadcast") or "axis" not in call.attributes or not isinstance(operand, Const):
        return operand
    after = len(call.get(0).shape) - call.whole("axis") - len(operand.shape)
    return Const(operand.shape + (1,) * after, operand.stored, operand.made)


@handles(*CHOSEN)
def _chosen(call: NodeCall) -> Tensor:
    return arithmetic.chosen(call.program, call.inputs)


@handles("Where")
def _where(call: NodeCall) -> Tensor:
    return arithmetic.picked(call.program, *(call.get(i) for i in range(3)))


@handles("Trilu", settings=(1,))
def _triangle(call: NodeCall) -> Tensor:
    return arithmetic.chosen(call.program, [call.tensor()], True)


@handles("OneHot", settings=(1, 2))
def _one_hot(call: NodeCall) -> Tensor:
    """Each number of the result looks at one index."""
    tensor, depth = call.tensor(), int(call.value(1, "depth").reshape(-1)[0])
    rank = len(tensor.layout)
    axis = call.axis(call.whole("axis", -1), rank + 1)
    if not 1 <= depth <= MOST_UNITS:
        raise UnfollowedError(f"its depth of {depth:,} is not from 1 to {MOST_UNITS:,}")
    sizes = (*tensor.shape[:axis], depth, *tensor.shape[axis:])
    return opaque(call.program, expanded(widened(tensor, axis), sizes))
