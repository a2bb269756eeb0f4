"""What ONNX's operators mean that move, select and join values: most of them add no layer."""

from __future__ import annotations

from math import prod
from typing import Any

from rfcalc.importers.onnx.call import Call, handles
from rfcalc.importers.onnx.fold import python_slice, reshaped, slices
from rfcalc.importers.programs import joining, moving, selection
from rfcalc.importers.programs.arithmetic import expanded, opaque
from rfcalc.importers.programs.layout import reshape
from rfcalc.importers.programs.program import Tensor, UnfollowedError
from rfcalc.relations.geometry import MOST_TAPS

handles.shapes_only("Shape", "Size", "RandomNormalLike", "RandomUniformLike", "EyeLike", operands=(0,))


def _viewed(tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
    return Tensor(tensor.node, reshape(tensor.layout, shape))


@handles("Reshape", settings=(1,))
def _reshape(call: Call) -> Tensor:
    tensor, wanted = call.tensor(), call.numbers(1, "shape")
    if wanted is None:
        raise UnfollowedError("it has no shape")
    return _viewed(tensor, reshaped(tensor.shape, wanted, call.whole("allowzero")))


@handles("Flatten")
def _flatten(call: Call) -> Tensor:
    tensor = call.tensor()
    axis, rank = call.whole("axis", 1), len(tensor.layout)
    axis = axis if axis == rank else call.axis(axis)
    return _viewed(tensor, (prod(tensor.shape[:axis]), prod(tensor.shape[axis:])))


@handles("Squeeze", settings=(1,))
def _squeeze(call: Call) -> Tensor:
    tensor, axes = call.tensor(), call.numbers(1, "axes")
    gone = {i for i, n in enumerate(tensor.shape) if n == 1} if axes is None else {call.axis(axis) for axis in axes}
    if any(tensor.shape[i] != 1 for i in gone):
        raise UnfollowedError(f"it takes away an axis of {max(tensor.shape[i] for i in gone)}")
    return Tensor(tensor.node, tuple(axis for i, axis in enumerate(tensor.layout) if i not in gone))


@handles("Unsqueeze", settings=(1,))
def _unsqueeze(call: Call) -> Tensor:
    tensor, axes = call.tensor(), call.numbers(1, "axes") or []
    rank = len(tensor.layout) + len(axes)
    fresh = {call.axis(axis, rank) for axis in axes}
    if len(fresh) < len(axes):
        raise UnfollowedError(f"its axes {axes} name one twice")
    rest = iter(tensor.layout)
    return Tensor(tensor.node, tuple(() if i in fresh else next(rest) for i in range(rank)))


@handles("Transpose")
def _transpose(call: Call) -> Tensor:
    tensor = call.tensor()
    rank = len(tensor.layout)
    perm = [axis + rank if axis < 0 else axis for axis in call.ints("perm", range(rank)[::-1])]
    if sorted(perm) != list(range(rank)):
        raise UnfollowedError(f"its perm {perm} does not fit a tensor of {rank} axes")
    return Tensor(tensor.node, tuple(tensor.layout[i] for i in perm))


@handles("Expand", settings=(1,))
def _expand(call: Call) -> Tensor:
    tensor, wanted = call.tensor(), call.numbers(1, "shape") or []
    sizes = (1,) * (len(wanted) - len(tensor.layout)) + tensor.shape
    wanted = [1] * (len(sizes) - len(wanted)) + wanted
    if min(wanted, default=1) < 1:
        raise UnfollowedError(f"its shape {wanted} is none")
    return expanded(tensor, [n if m == 1 else m for m, n in zip(sizes, wanted, strict=True)])


@handles("Tile", settings=(1,))
def _tile(call: Call) -> Tensor:
    tensor, counts = call.tensor(), call.numbers(1, "repeats") or []
    if len(counts) != len(tensor.layout) or min(counts, default=0) < 1:
        raise UnfollowedError(f"its repeats {counts} do not fit a tensor of {len(tensor.layout)} axes")
    return moving.tiled(tensor, counts)


@handles("Slice", settings=(1, 2, 3, 4))
def _slice(call: Call) -> Any:
    tensor = call.tensor()
    arrays = [None] + [None if call.get(i) is None else call.value(i, "bounds") for i in range(1, 5)]
    for axis, start, stop, step in slices(arrays, call.attributes, len(tensor.layout)):
        size = tensor.shape[axis]
        taken = range(*python_slice(size, start, stop, step).indices(size))
        if step < 0 and len(taken) > 1:
            tensor = selection.gather(call.program, tensor, axis, taken)
        else:
            tensor = selection.narrow(call.program, tensor, axis, taken.start, len(taken), max(1, step))
        if not isinstance(tensor, Tensor):
            raise UnfollowedError("nothing is left of it")
    return tensor


@handles("Gather", settings=(1,))
def _gather(call: Call) -> Tensor:
    tensor, axis = call.tensor(), call.axis(call.whole("axis"))
    index, size = call.value(1, "index"), tensor.shape[axis]
    if index.size == 0 or index.min() < -size or index.max() >= size:
        raise UnfollowedError(f"its index is not in an axis of {size}")
    if index.ndim == 0:
        return selection.select(call.program, tensor, axis, int(index))
    values = [int(n) % size for n in index.reshape(-1)]
    found: Tensor = selection.gather(call.program, tensor, axis, values)
    if index.ndim == 1:
        return found
    return _viewed(found, (*found.shape[:axis], *index.shape, *found.shape[axis + 1 :]))


@handles("Concat")
def _concat(call: Call) -> Tensor:
    parts = [part for part in call.inputs if part is not None]
    first = next(part for part in parts if isinstance(part, Tensor))
    axis = call.axis(call.whole("axis", 1), len(first.layout))
    rest = {(*part.shape[:axis], *part.shape[axis + 1 :]) for part in parts if 0 not in part.shape}
    if len(rest) != 1:
        raise UnfollowedError(f"its parts differ: {', '.join(str(part.shape) for part in parts[:6])}")
    return joining.concat(call.program, parts, axis)


PAD_MODES = {"constant": "zeros", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


@handles("Pad", settings=(1, 2, 3))
def _pad(call: Call) -> Tensor:
    tensor, mode = call.tensor(), call.text("mode", "constant")
    flat = call.numbers(1, "paddings" if "paddings" in call.attributes else "pads")
    axes = [call.axis(axis) for axis in (call.numbers(3, "axes") or range(len(tensor.layout)))]
    if mode not in PAD_MODES or flat is None or len(flat) != 2 * len(axes) or len(set(axes)) < len(axes):
        raise UnfollowedError(f"its pads {flat} of mode {mode!r} do not fit a tensor of {len(tensor.layout)} axes")
    pads = [(0, 0)] * len(tensor.layout)
    for i, axis in enumerate(axes):
        pads[axis] = (flat[i], flat[i + len(axes)])
    if any(size + min(0, a) + min(0, b) < 1 for size, (a, b) in zip(tensor.shape, pads, strict=True)):
        raise UnfollowedError("nothing is left of it")
    if max(flat, default=0) > MOST_TAPS:
        raise UnfollowedError(f"padding of {max(flat):,} is beyond the limit of {MOST_TAPS:,}")
    return moving.padded(call.program, tensor, pads, PAD_MODES[mode])


@handles("Split", "SplitToSequence", settings=(1,))
def _split(call: Call) -> Any:
    tensor, axis = call.tensor(), call.axis(call.whole("axis"))
    size = tensor.shape[axis]
    sizes = call.numbers(1, "split")
    if call.op == "SplitToSequence" and (sizes is None or not call.const(1, "split").shape):
        each = sizes[0] if sizes else 1
        sizes = [min(each, size - start) for start in range(0, size, each)]
    if sizes is None:
        count = call.whole("num_outputs", call.outputs)
        each = -(-size // count)
        sizes = [max(0, min(each, size - i * each)) for i in range(count)]
    if sum(sizes) != size or min(sizes, default=-1) < 0:
        raise UnfollowedError(f"its parts {sizes[:12]} do not make {size}")
    parts = selection.chunks(call.program, tensor, axis, sizes)
    return list(parts) if call.op == "SplitToSequence" else parts


@handles("SequenceAt")
def _at(call: Call) -> Any:
    parts, index = call.get(0), call.value(1, "position")
    return parts[int(index.item())]


@handles("SequenceConstruct")
def _sequence(call: Call) -> Any:
    return list(call.inputs)


@handles("ConcatFromSequence")
def _concat_sequence(call: Call) -> Any:
    parts = call.get(0)
    first = next(part for part in parts if isinstance(part, Tensor))
    return joining.concat(call.program, parts, call.axis(call.whole("axis"), len(first.layout)))


@handles("OneHot", settings=(1, 2))
def _one_hot(call: Call) -> Tensor:
    """Each number of the result looks at one index."""
    tensor, depth = call.tensor(), int(call.value(1, "depth").reshape(-1)[0])
    rank = len(tensor.layout)
    axis = call.axis(call.whole("axis", -1), rank + 1)
    if depth < 1:
        raise UnfollowedError("nothing is left of it")
    sizes = (*tensor.shape[:axis], depth, *tensor.shape[axis:])
    return opaque(call.program, expanded(joining.widened(tensor, axis), sizes))


@handles("NonMaxSuppression", settings=(2, 3, 4))
def _boxes(call: Call) -> Tensor:
    raise UnfollowedError("how many boxes it gives depends on the values of the input")
