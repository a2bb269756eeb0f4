"""ATen operators that read maps: convolutions, pools, interpolation, pixel shuffle, patches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rfcalc.importers.programs import maps
from rfcalc.importers.programs.arithmetic import opaque
from rfcalc.importers.programs.program import Tensor
from rfcalc.importers.programs.views import viewed
from rfcalc.importers.torch.call import Call, handles


@handles("conv1d", "conv2d", "conv3d", "convolution")
def _conv(call: Call) -> Any:
    if call["transposed"]:
        return _conv_transpose(call)
    weight = call.const("weight")
    rank = len(weight.shape) - 2
    stride, dilation = maps.numbers(call["stride"], rank), maps.numbers(call["dilation"], rank)
    pads = _pads(call["padding"], weight.shape[2:], dilation)
    return maps.conv(call.program, call.tensor(), weight, call.optional("bias"), stride, pads, dilation, call["groups"])


def _pads(padding: Any, kernel: Sequence[int], dilation: Sequence[int]) -> maps.Pads:
    """(before, after) of each axis; by "same" an odd unit of padding is at the end, whatever the stride."""
    if padding == "same":
        return tuple(maps.halves(d * (k - 1)) for d, k in zip(dilation, kernel, strict=True))
    each = maps.numbers(0 if padding == "valid" else padding, len(kernel))
    return tuple((n, n) for n in each)


@handles("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def _conv_transpose(call: Call) -> Tensor:
    weight, bias = call.const("weight"), call.optional("bias")
    stride, padding, extra, dilation = (call[name] for name in ("stride", "padding", "output_padding", "dilation"))
    return maps.conv_transpose(call.program, call.tensor(), weight, bias, stride, padding, extra, call["groups"], dilation)


@handles(
    "max_pool1d", "max_pool2d", "max_pool3d", "max_pool1d_with_indices", "max_pool2d_with_indices", "max_pool3d_with_indices"
)
@handles("avg_pool1d", "avg_pool2d", "avg_pool3d")
def _pool(call: Call) -> Any:
    rank = int(call.name.split("pool")[1][0])
    kernel = maps.numbers(call["kernel_size"], rank)
    stride = maps.numbers(call["stride"], rank) if call["stride"] else kernel
    pads = tuple((p, p) for p in maps.numbers(call["padding"], rank))
    settings: dict[str, Any] = {"kernel": kernel, "stride": stride, "ceil_mode": bool(call["ceil_mode"])}
    if call.name.startswith("max"):
        settings["dilation"] = maps.numbers(call["dilation"], rank)
    else:
        settings["count_include_pad"] = bool(call["count_include_pad"])
    found = maps.pool(call.program, "maxpool" if "max" in call.name else "avgpool", call.tensor(), rank, pads, **settings)
    return _with_places(call, found) if call.name.endswith("indices") else found


def _with_places(call: Call, found: Tensor) -> tuple[Tensor, Tensor | None]:
    """A pool and the places of its numbers, which read what those read."""
    return found, opaque(call.program, found) if 1 in call.reads else None


@handles("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "_adaptive_avg_pool2d", "adaptive_max_pool1d")
@handles("adaptive_max_pool2d", "adaptive_max_pool3d")
def _adaptive(call: Call) -> Any:
    rank = int(call.name.split("pool")[1][0])
    function = "max" if "max" in call.name else "mean"
    found = maps.adaptive_pool(call.program, function, call.tensor(), maps.numbers(call["output_size"], rank))
    return _with_places(call, found) if function == "max" else found


@handles("pixel_shuffle", "pixel_unshuffle", "channel_shuffle")
def _shuffle(call: Call) -> Tensor:
    word = call.name.replace("_", "")
    if word == "channelshuffle":
        return maps.on_map(call.program, word, call.tensor(), len(call.x.layout) - 2, groups=call["groups"])
    return maps.on_map(call.program, word, call.tensor(), 2, ratio=call["upscale_factor"] or call["downscale_factor"])


@handles("im2col")
def _im2col(call: Call) -> Tensor:
    settings = {k: maps.numbers(call[v], 2) for k, v in WINDOW.items()}
    found = maps.on_map(call.program, "patches", call.tensor(), 2, **settings)
    return viewed(found, call.sizes)


@handles("col2im")
def _col2im(call: Call) -> Tensor:
    settings = {k: maps.numbers(call[v], 2) for k, v in WINDOW.items()}
    size = tuple(call["output_size"])
    rows = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in zip(size, *settings.values(), strict=True)]
    wide = viewed(call.tensor(), (*call.tensor().shape[:-1], *rows))
    return maps.on_map(call.program, "fold", wide, 2, size=size, **settings)


WINDOW = {"kernel": "kernel_size", "stride": "stride", "padding": "padding", "dilation": "dilation"}
