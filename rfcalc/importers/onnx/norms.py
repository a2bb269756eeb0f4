"""What ONNX's softmax and norms mean."""

from __future__ import annotations

from math import prod
from typing import Any

from rfcalc.importers.onnx.call import NodeCall, handles
from rfcalc.importers.programs import norms
from rfcalc.importers.programs.layout import CHANNELS, full, size_of
from rfcalc.importers.programs.program import Tensor, UnfollowedError
from rfcalc.importers.programs.views import permuted, viewed
from rfcalc.layers.words import make


@handles("BatchNormalization", learned=(1, 2), kept=(3, 4))
def _batch_norm(call: NodeCall) -> Tensor:
    names = ("scale", "bias", "mean", "variance")
    consts = [call.const(i, name) for i, name in enumerate(names, 1)]
    tensor = call.tensor()
    channels = size_of(tensor.layout[1]) if len(tensor.layout) > 1 else 0
    if any(prod(const.shape) != channels for const in consts):
        raise UnfollowedError(f"its numbers do not fit {channels} channels")
    if call.whole("training_mode"):
        raise UnfollowedError("it is in training mode: its statistics depend on the input")
    affine = any(const.stored for const in consts[:2])
    # torch also keeps a count of batches, which a file leaves out
    return norms.batch_norm(call.program, tensor, consts, call.real("epsilon", 1e-5), affine, untold=1)


@handles("InstanceNormalization", learned=(1, 2))
def _instance_norm(call: NodeCall) -> Tensor:
    tensor, consts = call.tensor(), [call.const(1, "scale"), call.const(2, "bias")]
    channels = full(CHANNELS, call.program.shape(tensor).channels)
    if any(prod(const.shape) != size_of(tensor.layout[1]) for const in consts):
        raise UnfollowedError("its scale and bias do not fit its channels")
    eps = call.real("epsilon", 1e-5)
    if tensor.layout[1] == channels:
        affine = [const for const in consts if const.stored]
        return norms.instance_norm(call.program, tensor, affine, eps)
    groups = tensor.layout[1]
    if len(groups) > 1 or (groups and (groups[0].axis != CHANNELS or groups[0].stride * groups[0].size != size_of(channels))):
        raise UnfollowedError("it normalizes an axis that is made of several")
    # A group norm, as torch's exporter writes it; its scale of ones and bias of zeros are no weights.
    call.program.counted.update(name for const in consts for name in const.stored)
    op = make("gn", groups=size_of(groups), eps=eps, affine=False)
    return call.program.emit(op, [tensor], tensor.layout)


@handles("GroupNormalization", learned=(1, 2))
def _group_norm(call: NodeCall) -> Tensor:
    consts = [call.const(1, "scale"), call.const(2, "bias")]
    return norms.group_norm(call.program, call.tensor(), call.whole("num_groups", 1), consts, call.real("epsilon", 1e-5))


@handles("LayerNormalization", learned=(1, 2))
@handles("RMSNormalization", "SimplifiedLayerNormalization", learned=(1,))
def _layer_norm(call: NodeCall) -> Any:
    tensor, rms = call.tensor(), call.name != "LayerNormalization"
    consts = [call.optional(1, "scale"), None if rms else call.optional(2, "bias")]
    axes = len(tensor.layout) - call.axis(call.whole("axis", -1))
    consts = [const if const is not None and const.stored else None for const in consts]
    return norms.layer_norm(call.program, tensor, axes, consts, call.real("epsilon", 1e-5), rms)


@handles("LRN")
def _lrn(call: NodeCall) -> Tensor:
    tensor, size = call.tensor(), call.whole("size", 1)
    if tensor.layout[1] != full(CHANNELS, call.program.shape(tensor).channels):
        raise UnfollowedError("it normalizes an axis that is made of several")
    if size < 1 or size % 2 == 0:
        raise UnfollowedError(f"its window of {size} channels has no middle")
    settings = {name: call.real(key, usual) for name, key, usual in LRN}
    return call.program.add("lrn", [tensor], tensor.layout, size=size, **settings)


LRN = (("alpha", "alpha", 1e-4), ("beta", "beta", 0.75), ("k", "bias", 1.0))


@handles("MeanVarianceNormalization")
def _mvn(call: NodeCall) -> Tensor:
    tensor = call.tensor()
    if sorted(call.axis(axis) for axis in call.ints("axes", (0, 2, 3))) != [0, *range(2, len(tensor.layout))]:
        raise UnfollowedError("it normalizes other axes than the positions of each channel")
    if size_of(tensor.layout[0]) > 1:
        raise UnfollowedError("it normalizes over the batch")
    return norms.instance_norm(call.program, tensor, [], 1e-9)


@handles("LpNormalization")
def _lp_norm(call: NodeCall) -> Tensor:
    """Division by the length along one axis: an RMS norm without weights, but for a fixed factor."""
    tensor, axis = call.tensor(), call.axis(call.whole("axis", -1))
    order = [*(i for i in range(len(tensor.layout)) if i != axis), axis]
    found = norms.layer_norm(call.program, permuted(tensor, order), 1, [], None, rms=True)
    return permuted(found, [order.index(i) for i in range(len(order))])


@handles("Softmax", "LogSoftmax", "Hardmax")
def _softmax(call: NodeCall) -> Tensor:
    tensor = call.tensor()
    if call.opset >= 13:
        return norms.softmax(call.program, tensor, call.axis(call.whole("axis", -1)))
    axis = call.axis(call.whole("axis", 1))  # once, over this axis and all after it
    joined = viewed(tensor, (*tensor.shape[:axis], prod(tensor.shape[axis:])))
    return viewed(norms.softmax(call.program, joined, axis), tensor.shape)
