"""The weights of a network as those of its transformed form: each tensor goes where its numbers do what they did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from rfcalc.backends.torch.build import to_torch
from rfcalc.backends.torch.source import module_paths
from rfcalc.errors import RuleError
from rfcalc.graph import Graph
from rfcalc.layers.vocabulary.conv import Conv, Upconv
from rfcalc.layers.vocabulary.norm import BatchNorm

State = dict[str, Tensor]


def moved(old: Graph, new: Graph, state: Mapping[str, Tensor]) -> State:
    """The state_dict of `new`, whose layers have the names of those that they take the place of. Raises RuleError where a
    layer's weights have no place, or the new one's cannot say the same."""
    wanted = {key: tensor.shape for key, tensor in to_torch(new, device="meta").state_dict().items()}
    before, after = module_paths(old), module_paths(new)
    found: State = {}
    for i, path in before.items():
        node = old.nodes[i]
        parts = _parts(state, path)
        j = new.by_name.get(node.name)
        if j is not None and j in after:
            found.update({after[j] + key: tensor for key, tensor in _changed(node.op, new.nodes[j].op, parts).items()})
        elif isinstance(node.op, BatchNorm):
            _fold(found, after[new.by_name[old.nodes[node.inputs[0]].name]], old.nodes[node.inputs[0]].op, node.op.eps, parts)
        elif parts:
            raise RuleError(f'the weights of {node.op.word} "{node.name}" have no place in the transformed network')
    return {key: _shaped(tensor, wanted.get(key)) for key, tensor in found.items()}


def _parts(state: Mapping[str, Tensor], path: str) -> State:
    """The tensors of one layer by what follows its path: ".weight", or nothing for a parameter."""
    return {key[len(path) :]: tensor for key, tensor in state.items() if key == path or key.startswith(f"{path}.")}


def _shaped(tensor: Tensor, shape: torch.Size | None) -> Tensor:
    """The same numbers in order, as a matrix becomes the kernel that covers a whole map."""
    return tensor.reshape(shape) if shape is not None and tensor.numel() == shape.numel() else tensor


def _changed(old: object, new: object, parts: State) -> State:
    """The tensors of a layer that another one has taken the place of."""
    weight, bias = parts.get(".weight"), parts.get(".bias")
    if weight is None or type(old) is type(new):
        return parts
    if isinstance(old, Upconv) and isinstance(new, Conv):
        ratio = _ratio(old)
        more = {} if bias is None else {".bias": bias.repeat_interleave(ratio ** (weight.ndim - 2))}
        return {".weight": _phases(weight, ratio, old.groups)} | more
    if isinstance(old, Conv) and isinstance(new, Upconv):
        ratio = _ratio(new)
        more = {} if bias is None else {".bias": _common(bias, ratio ** (weight.ndim - 2))}
        return {".weight": _joined(weight, ratio, old.groups)} | more
    return parts


def _ratio(op: Upconv) -> int:
    return op.stride if isinstance(op.stride, int) else op.stride[0]


def _common(bias: Tensor, phases: int) -> Tensor:
    """One bias for all phases of a channel; raises RuleError where they differ."""
    each = bias.reshape(-1, phases)
    if not torch.equal(each, each[:, :1].expand_as(each)):
        raise RuleError("the biases of the phases differ, which a transposed convolution cannot say")
    return each[:, 0]


def _phases(weight: Tensor, stride: int, groups: int) -> Tensor:
    """A transposed weight (in, out/g, k...) as that of the convolution (out * s^n, in/g, k/s...): on each axis, tap m-1-t of
    phase f is tap f + s t of the original."""
    rank, (channels, out) = weight.ndim - 2, weight.shape[:2]
    size = [n for k in weight.shape[2:] for n in (k // stride, stride)]
    parts = weight.reshape(groups, channels // groups, out, *size)
    order = [0, 2, *(4 + 2 * axis for axis in range(rank)), 1, *(3 + 2 * axis for axis in range(rank))]
    parts = parts.permute(order).flip(list(range(3 + rank, 3 + 2 * rank)))
    return parts.reshape(groups * out * stride**rank, channels // groups, *(k // stride for k in weight.shape[2:]))


def _joined(weight: Tensor, stride: int, groups: int) -> Tensor:
    """The way back."""
    rank, out = weight.ndim - 2, weight.shape[0] // stride ** (weight.ndim - 2)
    parts = weight.reshape(groups, out // groups, *(stride,) * rank, weight.shape[1], *weight.shape[2:])
    parts = parts.flip(list(range(3 + rank, 3 + 2 * rank)))
    order = [0, 2 + rank, 1, *(n for axis in range(rank) for n in (3 + rank + axis, 2 + axis))]
    return parts.permute(order).reshape(groups * weight.shape[1], out // groups, *(k * stride for k in weight.shape[2:]))


def _fold(found: State, path: str, op: Any, eps: float, norm: State) -> None:
    """Scales the weights and the bias of the layer before by those of a batch norm and its statistics."""
    mean, spread = norm[".running_mean"], torch.sqrt(norm[".running_var"] + eps)
    scale = norm.get(".weight", torch.ones_like(mean)) / spread
    shift = norm.get(".bias", torch.zeros_like(mean))
    weight = found[f"{path}.weight"]
    found[f"{path}.weight"] = weight * _per_output(scale, weight, op)
    found[f"{path}.bias"] = (found.get(f"{path}.bias", torch.zeros_like(mean)) - mean) * scale + shift


def _per_output(scale: Tensor, weight: Tensor, op: Any) -> Tensor:
    """One number per output channel, in the shape of a weight; a transposed one is (in, out/g, k...)."""
    ones = (1,) * (weight.ndim - 2)
    if not isinstance(op, Upconv):
        return scale.reshape(-1, 1, *ones)
    return scale.reshape(op.groups, 1, -1).expand(-1, len(weight) // op.groups, -1).reshape(len(weight), -1, *ones)
