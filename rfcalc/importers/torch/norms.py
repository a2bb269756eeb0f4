"""ATen operators that normalize: softmax and norms."""

from __future__ import annotations

from typing import Any

from rfcalc.importers.programs import norms
from rfcalc.importers.programs.program import Const, Tensor
from rfcalc.importers.torch.call import Call, handles


@handles("softmax", "_softmax", "log_softmax", "_log_softmax", "_safe_softmax")
def _softmax(call: Call) -> Tensor:
    return norms.softmax(call.program, call.tensor(), call.axis(call["dim"]))


@handles("batch_norm", "cudnn_batch_norm", "native_batch_norm", "_native_batch_norm_legit_no_training")
def _batch_norm(call: Call) -> Tensor:
    if call["running_mean"] is None or call["training"]:
        return _by_image(call)
    return _by_statistics(call)


@handles("instance_norm")
def _instance_norm(call: Call) -> Tensor:
    return _by_image(call) if call["use_input_stats"] else _by_statistics(call)


def _by_image(call: Call) -> Tensor:
    return norms.instance_norm(call.program, call.tensor(), _affine(call), call["eps"])


def _by_statistics(call: Call) -> Tensor:
    consts = [*_affine(call), *(call.optional(name) for name in ("running_mean", "running_var"))]
    return norms.batch_norm(call.program, call.tensor(), consts, call["eps"], call["weight"] is not None)


def _affine(call: Call) -> list[Const | None]:
    return [call.optional("weight"), call.optional("bias")]


@handles("layer_norm", "native_layer_norm", "rms_norm")
def _layer_norm(call: Call) -> Any:
    axes, rms = len(call["normalized_shape"]), call.name == "rms_norm"
    return norms.layer_norm(call.program, call.tensor(), axes, _affine(call), call["eps"], rms)


@handles("group_norm")
def _group_norm(call: Call) -> Tensor:
    return norms.group_norm(call.program, call.tensor(), call["num_groups"], _affine(call), call["eps"])
