"""What ONNX's operators mean that move numbers along axes."""

from __future__ import annotations

from typing import Any

from rfcalc.importers.onnx.call import NodeCall, handles
from rfcalc.importers.programs import moving, selection
from rfcalc.importers.programs.program import Tensor, UnfollowedError

PAD_MODES = {"constant": "zeros", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


@handles("Pad", settings=(1, 2, 3))
def _pad(call: NodeCall) -> Tensor:
    tensor, mode = call.tensor(), call.text("mode", "constant")
    flat = call.numbers(1, "paddings" if "paddings" in call.attributes else "pads")
    axes = [call.axis(axis) for axis in (call.numbers(3, "axes") or range(len(tensor.layout)))]
    if mode not in PAD_MODES or flat is None or len(flat) != 2 * len(axes) or len(set(axes)) < len(axes):
        raise UnfollowedError(f"its pads {flat} of mode {mode!r} do not fit a tensor of {len(tensor.layout)} axes")
    pads = [(0, 0)] * len(tensor.layout)
    for i, axis in enumerate(axes):
        pads[axis] = (flat[i], flat[i + len(axes)])
    return moving.padded(call.program, tensor, pads, PAD_MODES[mode])


@handles("CenterCropPad", settings=(1,))
def _centred(call: NodeCall) -> Any:
    """Each axis cut or padded with zeros to a size, half of it before: the smaller half where the difference is odd."""
    tensor: Any = call.tensor()
    axes = [call.axis(axis) for axis in call.ints("axes", range(len(tensor.layout)))]
    for axis, size in zip(axes, call.numbers(1, "shape") or (), strict=True):
        n = tensor.shape[axis]
        before = abs(n - size) // 2
        if size < n:
            tensor = selection.sliced(call.program, tensor, axis, range(before, before + size))
        elif size > n:
            pads = [(0, 0)] * len(tensor.layout)
            pads[axis] = (before, size - n - before)
            tensor = moving.padded(call.program, tensor, pads, "zeros")
    return tensor
