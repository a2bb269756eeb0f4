"""ATen operators that read maps: convolutions, pools, interpolation, pixel shuffle, patches."""

from __future__ import annotations

from typing import Any

from rfcalc.importers.programs import maps
from rfcalc.importers.programs.arithmetic import opaque
from rfcalc.importers.programs.layout import reshape
from rfcalc.importers.programs.program import Tensor, UnfollowedError
from rfcalc.importers.torch.call import Call, const_of, handles, tensor_of


@handles("conv1d", "conv2d", "conv3d", "convolution")
def _conv(call: Call) -> Any:
    weight = const_of(call["weight"], "weight")
    rank = len(weight.shape) - 2
    stride, dilation, padding = (call[name] for name in ("stride", "dilation", "padding"))
    if call["transposed"]:
        return _conv_transpose(call)
    pads: Any = (
        "valid" if padding == "valid" else tuple((p, p) for p in maps.numbers(padding, rank)) if padding != "same" else None
    )
    if pads is None:  # torch puts an odd unit of padding at the end, whatever the stride
        totals = [d * (k - 1) for d, k in zip(maps.numbers(dilation, rank), weight.shape[2:], strict=True)]
        pads = tuple((n // 2, n - n // 2) for n in totals)
    if pads == "valid":
        pads = ((0, 0),) * rank
    stride, dilation = maps.numbers(stride, rank), maps.numbers(dilation, rank)
    return maps.conv(call.program, tensor_of(call.x), weight, call["bias"], stride, pads, dilation, call["groups"])


@handles("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def _conv_transpose(call: Call) -> Tensor:
    weight = const_of(call["weight"], "weight")
    more = (call["groups"], call["dilation"])
    return maps.conv_transpose(
        call.program, tensor_of(call.x), weight, call["bias"], call["stride"], call["padding"], call["output_padding"], *more
    )


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
    found = maps.pool(call.program, "maxpool" if "max" in call.name else "avgpool", tensor_of(call.x), rank, pads, **settings)
    return _with_places(call, found) if call.name.endswith("indices") else found


def _with_places(call: Call, found: Tensor) -> tuple[Tensor, Tensor | None]:
    """A pool and the places of its numbers, which read what those read."""
    return found, opaque(call.program, found) if 1 in call.reads else None


@handles("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "_adaptive_avg_pool2d", "adaptive_max_pool1d")
@handles("adaptive_max_pool2d", "adaptive_max_pool3d")
def _adaptive(call: Call) -> Any:
    rank = int(call.name.split("pool")[1][0])
    function = "max" if "max" in call.name else "mean"
    found = maps.adaptive_pool(call.program, function, tensor_of(call.x), maps.numbers(call["output_size"], rank))
    return _with_places(call, found) if function == "max" else found


@handles("upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "upsample_bilinear2d", "upsample_linear1d")
@handles("upsample_trilinear3d", "upsample_bicubic2d")
def _upsample(call: Call) -> Tensor:
    mode, rank = call.name.removeprefix("upsample_")[:-2], int(call.name[-2])
    tensor, settings = tensor_of(call.x), {"mode": mode, "align_corners": bool(call["align_corners"])}
    scales = call["scale_factors"] or [call[k] for k in ("scales", "scales_d", "scales_h", "scales_w") if call[k]]
    if scales and mode != "nearest" and not call["align_corners"] and call["output_size"] is not None:
        raise UnfollowedError("interpolates with both a size and a scale")
    assert call.shape is not None
    settings |= {"scale": tuple(map(float, scales))} if scales else {"size": tuple(call.shape[-rank:])}
    return maps.upsample(call.program, tensor, rank, settings)


@handles("pixel_shuffle", "pixel_unshuffle", "channel_shuffle")
def _shuffle(call: Call) -> Tensor:
    word = call.name.replace("_", "")
    if word == "channelshuffle":
        return maps.on_map(call.program, word, tensor_of(call.x), len(call.x.layout) - 2, groups=call["groups"])
    return maps.on_map(call.program, word, tensor_of(call.x), 2, ratio=call["upscale_factor"] or call["downscale_factor"])


@handles("im2col")
def _im2col(call: Call) -> Tensor:
    settings = {k: maps.numbers(call[v], 2) for k, v in WINDOW.items()}
    found = maps.on_map(call.program, "patches", tensor_of(call.x), 2, **settings)
    return Tensor(found.node, reshape(found.layout, call.shape or ()))


@handles("col2im")
def _col2im(call: Call) -> Tensor:
    settings = {k: maps.numbers(call[v], 2) for k, v in WINDOW.items()}
    size = tuple(call["output_size"])
    rows = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in zip(size, *settings.values(), strict=True)]
    wide = Tensor(call.x.node, reshape(call.x.layout, (*call.x.shape[:-1], *rows)))
    return maps.on_map(call.program, "fold", wide, 2, size=size, **settings)


WINDOW = {"kernel": "kernel_size", "stride": "stride", "padding": "padding", "dilation": "dilation"}
