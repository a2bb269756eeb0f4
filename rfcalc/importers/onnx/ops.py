"""What ONNX's operators mean: element-wise functions and arithmetic."""

from __future__ import annotations

from math import prod
from typing import Any

from rfcalc.importers.onnx.call import Call, handles, number
from rfcalc.importers.programs.arithmetic import binary, unary, with_stored
from rfcalc.importers.programs.layout import size_of
from rfcalc.importers.programs.program import Const, Tensor, UnfollowedError
from rfcalc.layers.words import make

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
BINARY = {"Add": "add", "Sub": "sub", "Mul": "mul", "Div": "div", "Pow": "pow", "Mod": "div"}
MANY = {"Sum": "add", "Max": "max", "Min": "min", "Mean": "add"}
COMPARED = ("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "And", "Or", "Xor", "BitwiseAnd", "BitwiseOr")


@handles(*WORDS)
def _activation(call: Call) -> Tensor:
    return unary(call.program, WORDS[call.op], call.tensor())


@handles(*FUNCTIONS)
def _function(call: Call) -> Tensor:
    return unary(call.program, "pointwise", call.tensor(), function=FUNCTIONS[call.op])


@handles("LeakyRelu", "Elu")
def _leaky(call: Call) -> Tensor:
    if call.op == "Elu":
        return unary(call.program, "elu", call.tensor(), alpha=call.real("alpha", 1.0))
    return unary(call.program, "leakyrelu", call.tensor(), slope=call.real("alpha", 0.01))


@handles("PRelu", learned=(1,))
def _prelu(call: Call) -> Tensor:
    slope, tensor = call.const(1, "slope"), call.tensor()
    count, shape = prod(slope.shape), call.program.shape(tensor)
    if count in (1, shape.channels) and (count == 1 or _per_channel(slope, tensor)):
        return call.program.emit(make("prelu", parameters=count), [tensor], tensor.layout, call.program.claim([slope]))
    return with_stored(call.program, "mul", tensor, [slope])


def _per_channel(const: Const, tensor: Tensor) -> bool:
    """True if the constant has its numbers along the second axis, and these are the channels."""
    shape = [1] * (len(tensor.layout) - len(const.shape)) + list(const.shape)
    return [n for i, n in enumerate(shape) if i != 1] == [1] * (len(shape) - 1) and size_of(tensor.layout[1]) == shape[1]


@handles("Clip", settings=(1, 2))
def _clip(call: Call) -> Any:
    if "min" in call.attributes or "max" in call.attributes or call.opset < 11:
        low = call.real("min") if "min" in call.attributes else None
        high = call.real("max") if "max" in call.attributes else None
    else:
        low, high = (_limit(call, i) for i in (1, 2))
    tensor = call.tensor()
    if (low, high) == (0, 6):
        return unary(call.program, "relu6", tensor)
    if (low, high) == (0, None):
        return unary(call.program, "relu", tensor)
    for function, value in (("max", low), ("min", high)):
        if isinstance(value, Const):
            tensor = with_stored(call.program, function, tensor, [value])
        elif value is not None and abs(value) < 1e38:
            tensor = unary(call.program, "pointwise", tensor, function="min" if function == "max" else "max", value=value)
    return tensor


def _limit(call: Call, i: int) -> Any:
    """A limit of a Clip: a number, a constant whose number is not known, or None."""
    const = call.optional(i, "limit")
    return None if const is None else found if (found := number(const)) is not None else const


@handles("Identity", "Cast", "ConstantCast")
@handles("CastLike", shapes=(1,))
def _same(call: Call) -> Any:
    return call.get(0)


@handles("Dropout", settings=(1, 2))
def _dropout(call: Call) -> Any:
    ratio = call.get(1) if "ratio" not in call.attributes else None
    p = number(ratio) if ratio is not None else call.real("ratio", 0.5)
    found = unary(call.program, "dropout", call.tensor(), p=min(1.0, max(0.0, p if p is not None else 0.5)))
    return found, Const(found.shape)  # the mask does not depend on the input


@handles("QuantizeLinear", "DequantizeLinear", kept=(1, 2))
def _quantize(call: Call) -> Tensor:
    scale, zero = call.const(1, "scale"), call.optional(2, "zero point")
    function = "div" if call.op == "QuantizeLinear" else "mul"
    axis = call.whole("axis", 1)
    tensor = call.tensor()
    if prod(scale.shape) > 1 and len(scale.shape) == 1:
        axis = call.axis(axis)
        shape = tuple(scale.shape[0] if i == axis else 1 for i in range(len(tensor.layout)))
        scale = Const(shape, scale.stored, scale.macs)
        zero = Const(shape, zero.stored, zero.macs) if zero is not None else None
    return with_stored(call.program, function, tensor, [c for c in (scale, zero) if c is not None])


@handles(*BINARY, *MANY)
def _arithmetic(call: Call) -> Tensor:
    function = BINARY.get(call.op) or MANY[call.op]
    operands = [_aligned(call, operand) for operand in call.inputs]
    if call.op in MANY:  # constants last, so that each step has an operand that depends on the input
        operands.sort(key=lambda value: not isinstance(value, Tensor))
    if len(operands) == 1:
        return call.tensor()
    found: Any = operands[0]
    for other in operands[1:]:
        found = both(call, function, found, other)
    return binary(call.program, "div", found, float(len(operands))) if call.op == "Mean" else found


def _aligned(call: Call, operand: Any) -> Any:
    """Before version 7 an operand said with which axis of the first one its own begin."""
    if call.opset >= 7 or not call.whole("broadcast") or "axis" not in call.attributes or not isinstance(operand, Const):
        return operand
    after = len(call.get(0).shape) - call.whole("axis") - len(operand.shape)
    return Const(operand.shape + (1,) * after, operand.stored, operand.macs)


def both(call: Call, function: str, first: Any, second: Any) -> Tensor:
    """Two operands; a single number that is no weight is a setting of the layer."""
    sides = [first, second]
    for i, side in enumerate(sides):
        other = sides[1 - i]
        if isinstance(other, Tensor) and (value := number(side)) is not None and len(side.shape) <= len(other.layout):
            sides[i] = value
    first, second = sides
    if isinstance(first, Tensor) and isinstance(second, Tensor) and function == "pow":
        function = "mul"
    return binary(call.program, function, first, second)


@handles(*COMPARED)
def _compared(call: Call) -> Tensor:
    first, second = call.inputs
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return binary(call.program, "sub", first, second)
    tensor, const = (first, second) if isinstance(first, Tensor) else (second, first)
    if number(const) is not None and len(const.shape) <= len(tensor.layout):
        return unary(call.program, "pointwise", tensor, function="compare", value=number(const))
    return with_stored(call.program, "where", tensor, [const])


@handles("Where")
def _where(call: Call) -> Tensor:
    tensors = [value for value in call.inputs if isinstance(value, Tensor)]
    consts = [value for value in call.inputs if isinstance(value, Const)]
    if len(tensors) > 1 and isinstance(call.get(0), Const):
        raise UnfollowedError("it picks between two tensors by a mask")
    found = tensors[0]
    for tensor in tensors[1:]:
        found = binary(call.program, "max", found, tensor)
    return with_stored(call.program, "where", found, consts) if consts or len(tensors) == 1 else found
