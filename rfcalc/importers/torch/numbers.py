"""ATen operators on each number, and those that reduce and normalize."""

from __future__ import annotations

from math import prod
from typing import Any

from rfcalc.importers.programs import reductions, selection
from rfcalc.importers.programs.arithmetic import binary, opaque, unary
from rfcalc.importers.programs.program import Const, Tensor, UnfollowedError
from rfcalc.importers.torch.call import Call, const_of, handles, tensor_of
from rfcalc.layers.vocabulary.activation import FUNCTIONS
from rfcalc.layers.vocabulary.generic import UNARY


@handles("softmax", "_softmax", "log_softmax", "_log_softmax", "_safe_softmax")
def _softmax(call: Call) -> Tensor:
    return reductions.softmax(call.program, tensor_of(call.x), call.dim(call["dim"]))


@handles("mean", "sum", "amax", "amin", "var", "std", "linalg_vector_norm", "norm", "logsumexp", "max", "min", "prod")
def _reduce(call: Call) -> Any:
    if "other" in call.arguments:
        return binary(call.program, call.name, call.x, call["other"])
    tensor = unary(call.program, "pointwise", tensor_of(call.x), function="exp") if call.name == "logsumexp" else call.x
    function, last = REDUCED.get(call.name, (call.name, ""))
    found = _joined(call, function, tensor_of(tensor))
    if last:
        found = unary(call.program, "pointwise", found, function=last)
    if call.name == "prod" or call["ord"] not in (None, 2) or call["p"] not in (None, 2):
        found = opaque(call.program, found)
    if call.name not in ("max", "min") or call["dim"] is None:
        return found
    return found, opaque(call.program, found) if 1 in call.reads else None  # the place of a number reads what that reads


REDUCED = {
    "amax": ("max", ""),
    "amin": ("min", ""),
    "std": ("var", "sqrt"),
    "linalg_vector_norm": ("norm", ""),
    "logsumexp": ("sum", "log"),
    "prod": ("sum", ""),
}


def _joined(call: Call, function: str, tensor: Tensor) -> Tensor:
    """The tensor reduced over the axes that a call names; all if it names none."""
    dims = call["dim"]
    dims = [] if dims is None else dims if isinstance(dims, list | tuple) else [dims]
    return reductions.reduced(call.program, function, tensor, dims, bool(call["keepdim"]))


@handles("cosine_similarity")
def _cosine(call: Call) -> Tensor:
    program, pair = call.program, (call["x1"], call["x2"])
    sizes = [_over(call, "norm", side) for side in pair]
    return binary(program, "div", _over(call, "sum", binary(program, "mul", *pair)), binary(program, "mul", *sizes))


def _over(call: Call, function: str, tensor: Any) -> Tensor:
    return reductions.reduced(call.program, function, tensor_of(tensor), [call["dim"]], False)


@handles("var_mean", "std_mean")
def _moments(call: Call) -> tuple[Tensor, Tensor]:
    spread = _joined(call, "var", tensor_of(call.x))
    if call.name == "std_mean":
        spread = unary(call.program, "pointwise", spread, function="sqrt")
    return spread, _joined(call, "mean", call.x)


@handles("argmax", "argmin")
def _extreme(call: Call) -> Tensor:
    """The place of the largest number: it reads what the largest number itself reads."""
    return opaque(call.program, _joined(call, call.name[3:], tensor_of(call.x)))


@handles("batch_norm", "cudnn_batch_norm", "native_batch_norm", "_native_batch_norm_legit_no_training")
def _batch_norm(call: Call) -> Any:
    names = ("weight", "bias", "running_mean", "running_var")
    if any(isinstance(call[name], Tensor) for name in names):
        raise UnfollowedError("its statistics depend on the input")
    if call["running_mean"] is None or call["training"]:
        return reductions.instance_norm(call.program, tensor_of(call.x), [call["weight"], call["bias"]], call["eps"])
    affine = call["weight"] is not None
    return reductions.batch_norm(call.program, tensor_of(call.x), [call[name] for name in names], call["eps"], affine)


@handles("layer_norm", "native_layer_norm", "rms_norm")
def _layer_norm(call: Call) -> Any:
    consts = [call["weight"], call["bias"]]
    if any(isinstance(const, Tensor) for const in consts):
        raise UnfollowedError("its weight depends on the input")
    return reductions.layer_norm(
        call.program, tensor_of(call.x), len(call["normalized_shape"]), consts, call["eps"], call.name == "rms_norm"
    )


@handles("group_norm")
def _group_norm(call: Call) -> Tensor:
    return reductions.group_norm(
        call.program, tensor_of(call.x), call["num_groups"], [call["weight"], call["bias"]], call["eps"]
    )


@handles("instance_norm")
def _instance_norm(call: Call) -> Tensor:
    if not call["use_input_stats"]:
        names = ("weight", "bias", "running_mean", "running_var")
        return reductions.batch_norm(call.program, call.x, [call[n] for n in names], call["eps"], call["weight"] is not None)
    return reductions.instance_norm(call.program, tensor_of(call.x), [call["weight"], call["bias"]], call["eps"])


@handles(*FUNCTIONS)
def _activation(call: Call) -> Tensor:
    return unary(call.program, call.name, tensor_of(call.x))


@handles("leaky_relu", "elu", "celu", "rrelu", "threshold", "hardshrink", "softshrink")
def _leaky(call: Call) -> Tensor:
    if call.name in ("leaky_relu", "rrelu"):
        slope = call["negative_slope"] if call.name == "leaky_relu" else (call["lower"] + call["upper"]) / 2
        return unary(call.program, "leakyrelu", tensor_of(call.x), slope=float(slope))
    plain = call.name in ("elu", "celu") and call["alpha"] in (None, 1) and call["scale"] in (None, 1)
    return unary(call.program, "elu", tensor_of(call.x)) if plain else opaque(call.program, tensor_of(call.x))


@handles("hardtanh", "clamp", "clip", "clamp_min", "clamp_max")
def _clamp(call: Call) -> Any:
    low = call["min_val"] if call.name == "hardtanh" else call["min"]
    high = call["max_val"] if call.name == "hardtanh" else call["max"]
    tensor: Any = call.x
    if (low, high) == (0, 6):
        return unary(call.program, "relu6", tensor)
    for function, value in sorted((("max", low), ("min", high)), key=lambda limit: not isinstance(limit[1], Tensor)):
        if isinstance(value, Const | Tensor):
            tensor = binary(call.program, function, tensor, value)
        elif value is not None:
            tensor = unary(
                call.program, "pointwise", tensor, function="min" if function == "max" else "max", value=float(value)
            )
    return tensor


@handles("prelu", "_prelu_kernel")
def _prelu(call: Call) -> Tensor:
    from rfcalc.layers.words import make

    weight = const_of(call["weight"], "weight")
    claim = call.program.claim([weight])
    return call.program.emit(make("prelu", parameters=prod(weight.shape)), [tensor_of(call.x)], call.x.layout, claim)


@handles("glu")
def _glu(call: Call) -> Tensor:
    dim = call.dim(call["dim"])
    half = call.x.shape[dim] // 2
    value, gate = selection.chunks(call.program, tensor_of(call.x), dim, [half, half])
    return binary(call.program, "mul", value, unary(call.program, "sigmoid", gate))


@handles("dropout", "feature_dropout", "alpha_dropout", "native_dropout")
def _dropout(call: Call) -> Any:
    p = call["p"] or 0.0
    found = unary(call.program, "dropout", tensor_of(call.x), p=float(p)) if p else tensor_of(call.x)
    return (found, Const(found.shape)) if call.name == "native_dropout" else found  # the mask does not depend on the input


@handles(*UNARY, "log_sigmoid")
def _function(call: Call) -> Tensor:
    name = {"log_sigmoid": "logsigmoid"}.get(call.name, call.name)
    return unary(call.program, "pointwise", tensor_of(call.x), function=name)


@handles("add", "sub", "subtract", "rsub", "mul", "multiply", "div", "divide", "true_divide", "maximum", "minimum", "pow")
def _arithmetic(call: Call) -> Tensor:
    name = {"subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div", "maximum": "max", "minimum": "min"}
    function = name.get(call.name, call.name)
    first, second = call.x, call["exponent"] if "exponent" in call.arguments else call["other"]
    if function == "rsub":
        first, second, function = second, first, "sub"
    if call["alpha"] not in (None, 1) and isinstance(second, Tensor):
        second = binary(call.program, "mul", second, call["alpha"])
    if function == "pow" and isinstance(first, Tensor) and isinstance(second, Tensor):
        return opaque(call.program, binary(call.program, "mul", first, second))
    return binary(call.program, function, first, second)


@handles("addcmul", "addcdiv", "lerp")
def _fused(call: Call) -> Tensor:
    if call.name == "lerp":
        moved = binary(call.program, "sub", call["end"], call.x)
        return binary(call.program, "add", binary(call.program, "mul", moved, call["weight"]), call.x)
    term = binary(call.program, "mul" if call.name == "addcmul" else "div", call["tensor1"], call["tensor2"])
    return binary(call.program, "add", term, call.x)


@handles("masked_fill", "where", "ne", "eq", "gt", "lt", "ge", "le", "nan_to_num", "floor_divide", "remainder", "fmod", "tril")
@handles("triu", "logical_and", "logical_or", "logical_xor", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not", "atan2")
@handles("__and__", "__or__", "__xor__", "hypot", "heaviside", "copysign")
def _masked(call: Call) -> Tensor:
    """Whatever else is done number by number: comparing, choosing, masking."""
    operands = [v for v in call.arguments.values() if isinstance(v, Tensor)]
    found = operands[0]
    for other in operands[1:]:
        found = binary(call.program, "max", found, other)
    return opaque(call.program, found, [v for v in call.arguments.values() if isinstance(v, Const)])
