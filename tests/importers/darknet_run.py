"""Runs a small darknet file as darknet does, number by number where its rules are its own; written for the tests."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

ACTIVATIONS = {
    "linear": lambda x: x,
    "leaky": lambda x: F.leaky_relu(x, 0.1),
    "mish": F.mish,
    "relu": F.relu,
    "logistic": torch.sigmoid,
}


def run(text: str, weights: Mapping[str, Tensor], image: Tensor) -> list[Tensor]:
    """What each section after [net] makes; `weights` are named as rfcalc names them: conv0.weight, conv0_bn.bias."""
    made: list[Tensor] = []
    x = image
    for number, (word, options) in enumerate(sections(text)[1:]):
        x = SECTIONS[word](x, made, options, weights, number)
        made.append(x)
    return made


def sections(text: str) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("["):
            found.append((line[1:-1], {}))
        else:
            key, value = line.split("=")
            found[-1][1][key] = value
    return found


def whole(options: Mapping[str, str], key: str, usual: int) -> int:
    return int(options.get(key, usual))


def convolutional(x: Tensor, made: list[Tensor], o: dict[str, str], weights: Mapping[str, Tensor], number: int) -> Tensor:
    size = whole(o, "size", 1)
    padding = size // 2 if whole(o, "pad", 0) else whole(o, "padding", 0)
    name, normal = f"conv{number}", whole(o, "batch_normalize", 0)
    bias = None if normal else weights[f"{name}.bias"]
    y = F.conv2d(x, weights[f"{name}.weight"], bias, whole(o, "stride", 1), padding, 1, whole(o, "groups", 1))
    if normal:
        keys = ("running_mean", "running_var", "weight", "bias")
        y = F.batch_norm(y, *(weights[f"{name}_bn.{key}"] for key in keys))
    return ACTIVATIONS[o.get("activation", "logistic")](y)


def local(x: Tensor, made: list[Tensor], o: dict[str, str], weights: Mapping[str, Tensor], number: int) -> Tensor:
    """Position by position, each with its own matrix."""
    size, stride, pad = whole(o, "size", 1), whole(o, "stride", 1), whole(o, "pad", 0)
    name = f"local{number}" + ("" if o["activation"] == "linear" else ".local")
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    h, w = (((n - 1) if pad else (n - size)) // stride + 1 for n in x.shape[2:])
    x = F.pad(x, (pad,) * 4)
    out = x.new_empty(x.shape[0], bias.shape[0], h, w)
    for i in range(h):
        for j in range(w):
            part = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
            out[:, :, i, j] = part.flatten(1) @ weight[i * w + j] + bias[:, i, j]
    return ACTIVATIONS[o["activation"]](out)


def maxpool(x: Tensor, made: list[Tensor], o: dict[str, str], weights: Mapping[str, Tensor], number: int) -> Tensor:
    """Window (i, j) begins at i*stride - padding/2; what lies outside does not count."""
    stride = whole(o, "stride", 1)
    size = whole(o, "size", stride)
    padding = whole(o, "padding", size - 1)
    h, w = x.shape[2:]
    out = x.new_empty(*x.shape[:2], (h + padding - size) // stride + 1, (w + padding - size) // stride + 1)
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            top, left = i * stride - padding // 2, j * stride - padding // 2
            part = x[:, :, max(0, top) : top + size, max(0, left) : left + size]
            out[:, :, i, j] = part.amax((2, 3))
    return out


def route(x: Tensor, made: list[Tensor], o: dict[str, str], weights: Mapping[str, Tensor], number: int) -> Tensor:
    groups, group = whole(o, "groups", 1), whole(o, "group_id", 0)
    parts = [made[n if n >= 0 else number + n] for n in map(int, o["layers"].split(","))]
    return torch.cat([part.chunk(groups, 1)[group] for part in parts], 1)


def shortcut(x: Tensor, made: list[Tensor], o: dict[str, str], weights: Mapping[str, Tensor], number: int) -> Tensor:
    source = int(o["from"])
    other = made[source if source >= 0 else number + source]
    common = min(x.shape[1], other.shape[1])
    y = x.clone()
    y[:, :common] += other[:, :common]
    return ACTIVATIONS[o.get("activation", "linear")](y)


def reorg(x: Tensor, made: list[Tensor], o: dict[str, str], weights: Mapping[str, Tensor], number: int) -> Tensor:
    """Number n of the output is found by reading the input's memory as a map of stride^2 times fewer channels."""
    stride = whole(o, "stride", 1)
    _, c, h, w = x.shape
    few, flat, out = c // stride**2, x.flatten(1), x.new_empty(x.shape[0], x[0].numel())
    for k in range(c):
        for j in range(h):
            for i in range(w):
                block, channel = divmod(k, few)
                row, column = j * stride + block // stride, i * stride + block % stride
                out[:, i + w * (j + h * k)] = flat[:, column + w * stride * (row + h * stride * channel)]
    return out.reshape(-1, c * stride**2, h // stride, w // stride)


def upsample(x: Tensor, made: list[Tensor], o: dict[str, str], weights: Mapping[str, Tensor], number: int) -> Tensor:
    return x.repeat_interleave(whole(o, "stride", 2), 2).repeat_interleave(whole(o, "stride", 2), 3)


def avgpool(x: Tensor, made: list[Tensor], o: dict[str, str], weights: Mapping[str, Tensor], number: int) -> Tensor:
    return x.mean((2, 3), keepdim=True)


def connected(x: Tensor, made: list[Tensor], o: dict[str, str], weights: Mapping[str, Tensor], number: int) -> Tensor:
    y = F.linear(x.flatten(1), weights[f"connected{number}.weight"], weights[f"connected{number}.bias"])
    return ACTIVATIONS[o.get("activation", "logistic")](y)


def softmax(x: Tensor, made: list[Tensor], o: dict[str, str], weights: Mapping[str, Tensor], number: int) -> Tensor:
    return x.flatten(1).softmax(1).reshape(x.shape)


SECTIONS = {
    "convolutional": convolutional,
    "local": local,
    "maxpool": maxpool,
    "route": route,
    "shortcut": shortcut,
    "reorg": reorg,
    "upsample": upsample,
    "avgpool": avgpool,
    "connected": connected,
    "softmax": softmax,
}
