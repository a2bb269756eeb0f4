"""What ONNX's operators mean that select along axes: slices, splits, lists of indices."""

from __future__ import annotations

from typing import Any

from rfcalc.importers.onnx.call import NodeCall, handles
from rfcalc.importers.onnx.fold import python_slice, slices
from rfcalc.importers.programs import selection
from rfcalc.importers.programs.program import Tensor, UnfollowedError

LONGEST = (1 << 31) - 1  # from it on, an end is an exporter's word for none


@handles("Slice", settings=(1, 2, 3, 4))
def _slice(call: NodeCall) -> Any:
    tensor: Any = call.tensor()
    arrays = [None] + [None if call.get(i) is None else call.value(i, "bounds") for i in range(1, 5)]
    for axis, start, stop, step in slices(arrays, call.attributes, len(tensor.layout)):
        size = tensor.shape[axis]
        taken = range(*python_slice(size, start, stop, step).indices(size))
        tensor = selection.sliced(call.program, tensor, axis, taken, start >= 0 and not 0 <= stop < LONGEST)
        if not isinstance(tensor, Tensor):
            raise UnfollowedError("nothing is left of it")
    return tensor


@handles("Gather", settings=(1,))
def _gather(call: NodeCall) -> Tensor:
    index = call.value(1, "index")
    return selection.picked(call.program, call.tensor(), call.axis(call.whole("axis")), index.shape, index.reshape(-1).tolist())


@handles("Split", "SplitToSequence", settings=(1,))
def _split(call: NodeCall) -> Any:
    axis = call.axis(call.whole("axis"))
    size = call.tensor().shape[axis]
    sizes = call.numbers(1, "split")
    if call.name == "SplitToSequence" and (sizes is None or not call.const(1, "split").shape):
        sizes = selection.alike(size, sizes[0] if sizes else 1)
    if sizes is None:
        count = call.whole("num_outputs", call.outputs)
        if not 1 <= count <= max(size, call.outputs):
            raise UnfollowedError(f"an axis of {size} has no {count:,} parts")
        each = -(-size // count)
        sizes = [max(0, min(each, size - i * each)) for i in range(count)]
    parts = selection.chunks(call.program, call.tensor(), axis, sizes)
    return list(parts) if call.name == "SplitToSequence" else parts


@handles("SequenceAt")
def _at(call: NodeCall) -> Any:
    return call.get(0)[int(call.value(1, "position").item())]


@handles("NonMaxSuppression", settings=(2, 3, 4))
def _boxes(call: NodeCall) -> Tensor:
    raise UnfollowedError("how many boxes it gives depends on the values of the input")
