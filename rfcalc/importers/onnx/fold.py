"""Arithmetic on constants: the small programs that compute shapes, indices and scales."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, reduce
from math import prod
from typing import Any

from rfcalc.errors import RuleError

MOST = 1 << 20  # numbers in a result that is computed
Function = Callable[[Sequence[Any], Mapping[str, Any]], Any]


def folded(op: str, inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    """The result of an operator on arrays (None for an input left out), a tuple for several outputs; None where the operator
    is not known here, or the result would be large."""
    function = _table().get(op)
    if function is None:
        return None
    import numpy as np

    try:
        with np.errstate(all="ignore"):
            return function(inputs, attributes)
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, ZeroDivisionError, AttributeError) as error:
        reason = (str(error).splitlines() or [""])[0][:120]
        raise RuleError(f"it cannot be computed ({type(error).__name__}: {reason})") from None


# operator: function of numpy
BINARY = {
    "Add": "add", "Sub": "subtract", "Mul": "multiply", "Mod": "mod", "Equal": "equal", "Less": "less", "Greater": "greater",
    "LessOrEqual": "less_equal", "GreaterOrEqual": "greater_equal", "And": "logical_and", "Or": "logical_or",
    "Xor": "logical_xor",
}  # fmt: skip
MANY = {"Max": "maximum", "Min": "minimum"}  # of one input or more
UNARY = {
    "Neg": "negative", "Abs": "abs", "Floor": "floor", "Ceil": "ceil", "Round": "rint", "Sqrt": "sqrt", "Not": "logical_not",
    "Sign": "sign", "Exp": "exp", "Log": "log", "Reciprocal": "reciprocal", "Identity": "array",
}  # fmt: skip


@lru_cache(maxsize=1)
def _table() -> dict[str, Function]:
    import numpy as np

    functions: dict[str, Function] = {name: _elementwise(getattr(np, function)) for name, function in BINARY.items()}
    functions |= {name: _joint(getattr(np, function)) for name, function in MANY.items()}
    functions |= {name: _single(getattr(np, function)) for name, function in UNARY.items()}
    functions["Div"] = _elementwise(_divided)
    functions["Pow"] = _elementwise(lambda a, b: np.power(a, b).astype(a.dtype))
    for name, whole in (("ReduceProd", np.prod), ("ReduceSum", np.sum), ("ReduceMax", np.max), ("ReduceMin", np.min)):
        functions[name] = _reduction(whole)
    return functions | {
        "Cast": _cast,
        "CastLike": lambda ins, attrs: ins[0].astype(ins[1].dtype),
        "Size": lambda ins, attrs: np.array(ins[0].size, np.int64),
        "Gather": _gather,
        "Concat": lambda ins, attrs: np.concatenate(ins, axis=attrs["axis"]),
        "Slice": _slice,
        "Squeeze": _squeeze,
        "Unsqueeze": _unsqueeze,
        "Reshape": lambda ins, attrs: ins[0].reshape(reshaped(ins[0].shape, ins[1].tolist(), attrs.get("allowzero", 0))),
        "Flatten": lambda ins, attrs: ins[0].reshape(prod(ins[0].shape[: attrs.get("axis", 1)]), -1),
        "Transpose": lambda ins, attrs: np.transpose(ins[0], attrs.get("perm")),
        "Range": _range,
        "ConstantOfShape": _filled,
        "Expand": lambda ins, attrs: _limited(np.broadcast_shapes(ins[0].shape, tuple(ins[1].tolist())), ins[0]),
        "Tile": _tile,
        "Where": _elementwise(np.where),
        "NonZero": lambda ins, attrs: np.array(np.nonzero(ins[0]), np.int64),
        "Split": _split,
        "ScatterND": _scattered,
        "Clip": _clipped,
        "ReduceMean": _reduction(np.mean),
        "CumSum": lambda ins, attrs: np.cumsum(ins[0], axis=int(ins[1])),
    }


def _elementwise(function: Any) -> Function:
    def apply(inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
        import numpy as np

        if prod(np.broadcast_shapes(*(value.shape for value in inputs))) > MOST:
            return None
        return np.asarray(function(*inputs))

    return apply


def _joint(function: Any) -> Function:
    return _elementwise(lambda *values: reduce(function, values))


def _single(function: Any) -> Function:
    return lambda inputs, attributes: function(inputs[0])


def _divided(a: Any, b: Any) -> Any:
    """Division; that of whole numbers is cut off towards zero."""
    import numpy as np

    if a.dtype.kind not in "iu":
        return np.divide(a, b)
    if not np.all(b):
        raise ZeroDivisionError("division by zero")
    return np.trunc(np.divide(a, b)).astype(a.dtype)


def _reduction(function: Any) -> Function:
    def apply(inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
        import numpy as np

        axes = list_of(inputs, 1, attributes, "axes")
        if not axes and attributes.get("noop_with_empty_axes", 0):
            return inputs[0]
        return np.asarray(function(inputs[0], axis=tuple(axes) or None, keepdims=bool(attributes.get("keepdims", 1))))

    return apply


def _cast(inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    from onnx import helper

    return inputs[0].astype(helper.tensor_dtype_to_np_dtype(attributes["to"]))


def _gather(inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    import numpy as np

    data, index = inputs[0], inputs[1].astype(np.int64)
    if data.size // max(1, data.shape[attributes.get("axis", 0)]) * index.size > MOST:
        return None
    return np.asarray(np.take(data, index, axis=attributes.get("axis", 0)))


def _slice(inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    found = inputs[0]
    for axis, start, stop, step in slices(inputs, attributes, len(found.shape)):
        index = [slice(None)] * len(found.shape)
        index[axis] = python_slice(found.shape[axis], start, stop, step)
        found = found[tuple(index)]
    return found


def slices(inputs: Sequence[Any], attributes: Mapping[str, Any], rank: int) -> list[tuple[int, int, int, int]]:
    """(axis, start, end, step) of a Slice, whose settings are attributes or known inputs."""
    starts, ends = (list_of(inputs, i, attributes, name) for i, name in ((1, "starts"), (2, "ends")))
    axes = list_of(inputs, 3, attributes, "axes") or list(range(len(starts)))
    steps = list_of(inputs, 4, attributes, "steps") or [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or len({axis % max(1, rank) for axis in axes}) < len(axes):
        raise RuleError("its starts, ends, axes and steps do not go together")
    if 0 in steps or any(not -rank <= axis < rank for axis in axes):
        raise RuleError("it has a step of 0 or an axis that is not there")
    return [(axis % rank, a, b, step) for axis, a, b, step in zip(axes, starts, ends, steps, strict=True)]


def python_slice(n: int, start: int, stop: int, step: int) -> slice:
    """ONNX's start and end of an axis of `n` as Python's: an end before the first unit means up to it, going down."""
    if step > 0:
        return slice(start, stop, step)
    start = start + n if start < 0 else start
    stop = stop + n if stop < 0 else stop
    start = min(start, n - 1)
    return slice(n, n, 1) if start < 0 else slice(start, None if stop < 0 else stop, step)


def list_of(inputs: Sequence[Any], i: int, attributes: Mapping[str, Any], name: str) -> list[int]:
    """Whole numbers that are an attribute in early versions of an operator, and an input in later ones."""
    if name in attributes:
        return [int(n) for n in attributes[name]]
    value = inputs[i] if i < len(inputs) else None
    return [] if value is None else [int(n) for n in value.reshape(-1).tolist()]


def _squeeze(inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    import numpy as np

    axes = list_of(inputs, 1, attributes, "axes")
    return np.squeeze(inputs[0], tuple(axes) or None)


def _unsqueeze(inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    import numpy as np

    return np.expand_dims(inputs[0], tuple(list_of(inputs, 1, attributes, "axes")))


def reshaped(shape: Sequence[int], wanted: Sequence[int], allowzero: int = 0) -> tuple[int, ...]:
    """The shape that a Reshape gives: 0 keeps an axis, one -1 takes what is left; raises RuleError."""
    if not allowzero and any(n == 0 and i >= len(shape) for i, n in enumerate(wanted)):
        raise RuleError(f"its shape {list(wanted)[:12]} keeps an axis that is not there")
    sizes = [shape[i] if n == 0 and not allowzero else n for i, n in enumerate(wanted)]
    if min(sizes, default=0) < -1 or sizes.count(-1) > 1:
        raise RuleError(f"its shape {sizes[:12]} is none")
    if -1 in sizes:
        rest = prod(n for n in sizes if n != -1)
        if rest == 0 or prod(shape) % rest:
            raise RuleError(f"{'x'.join(map(str, shape))} cannot be reshaped to {sizes[:12]}")
        sizes[sizes.index(-1)] = prod(shape) // rest
    return tuple(sizes)


def shape_slice(shape: Sequence[int], attributes: Mapping[str, Any]) -> Any:
    """What Shape gives: all sizes, or those from `start` to `end`."""
    import numpy as np

    return np.array(list(shape)[attributes.get("start", 0) : attributes.get("end")], np.int64)


def _range(inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    import numpy as np

    start, stop, step = (value.item() for value in inputs)
    if step == 0 or (stop - start) / step > MOST:
        return None
    return np.arange(start, stop, step, dtype=inputs[0].dtype)


def _filled(inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    import numpy as np
    from onnx import numpy_helper

    value = numpy_helper.to_array(attributes["value"]) if "value" in attributes else np.zeros(1, np.float32)
    return _limited(tuple(inputs[0].tolist()), value.reshape(-1)[0])


def _limited(shape: tuple[int, ...], value: Any) -> Any:
    import numpy as np

    return np.array(np.broadcast_to(value, shape)) if min(shape, default=0) >= 0 and prod(shape) <= MOST else None


def _tile(inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    import numpy as np

    counts = inputs[1].tolist()
    return None if inputs[0].size * prod(counts) > MOST else np.tile(inputs[0], counts)


def _split(inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    import numpy as np

    axis = attributes.get("axis", 0)
    sizes = list_of(inputs, 1, attributes, "split")
    if not sizes:
        return None
    return tuple(np.split(inputs[0], np.cumsum(sizes)[:-1].tolist(), axis=axis))


def _scattered(inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    import numpy as np

    data, index, updates = inputs
    if attributes.get("reduction", b"none") != b"none":
        return None
    found = np.array(data)
    found[tuple(np.moveaxis(index, -1, 0))] = updates
    return found


def _clipped(inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    import numpy as np

    limits = [inputs[i] if i < len(inputs) else attributes.get(name) for i, name in ((1, "min"), (2, "max"))]
    return inputs[0] if limits == [None, None] else np.clip(inputs[0], *limits).astype(inputs[0].dtype)
