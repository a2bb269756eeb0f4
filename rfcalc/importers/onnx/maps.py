"""What ONNX's operators mean that read maps: convolutions, pools, blocks of channels."""

from __future__ import annotations

from math import prod
from typing import Any

from rfcalc.importers.onnx.call import MICROSOFT, NodeCall, handles, scaled
from rfcalc.importers.onnx.call import quantized as with_scales
from rfcalc.importers.programs import maps
from rfcalc.importers.programs.arithmetic import opaque
from rfcalc.importers.programs.program import Tensor, UnfollowedError
from rfcalc.importers.programs.views import viewed
from rfcalc.relations.geometry import Window

Pads = tuple[tuple[int, int], ...]
AUTO = ("NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID")


def per_axis(call: NodeCall, name: str, rank: int, usual: int, least: int = 1) -> tuple[int, ...]:
    """An attribute with one number per spatial axis."""
    found = call.ints(name, [usual] * rank)
    if len(found) != rank or min(found, default=least) < least:
        raise UnfollowedError(f"its {name} {found} do not fit {rank} axes")
    return tuple(found)


def auto_pad(call: NodeCall) -> str:
    """The rule for the padding; raises RuleError for one that is unknown."""
    rule = call.text("auto_pad", "NOTSET") or "NOTSET"
    if rule not in AUTO:
        raise UnfollowedError(f"its auto_pad {rule!r} is unknown")
    return rule


def padding(call: NodeCall, rank: int, windows: list[Window]) -> Pads:
    """(before, after) of each axis, given or by the rule that keeps ceil(n / stride) units."""
    rule = auto_pad(call)
    if rule == "VALID":
        return ((0, 0),) * rank
    if rule == "NOTSET":
        flat = call.ints("pads", [0] * (2 * rank))
        if len(flat) != 2 * rank or min(flat, default=0) < 0:
            raise UnfollowedError(f"its pads {flat} do not fit {rank} axes")
        return tuple(zip(flat[:rank], flat[rank:], strict=True))
    sizes = call.tensor().shape[-rank:]
    totals = [max((-(-n // w.stride) - 1) * w.stride + w.extent - n, 0) for n, w in zip(sizes, windows, strict=True)]
    return tuple(maps.halves(total, rule == "SAME_UPPER") for total in totals)


def rank_of(call: NodeCall) -> int:
    """How many spatial axes the operand has."""
    rank = len(call.tensor().layout) - 2
    if rank < 1:
        raise UnfollowedError(f"its operand has {rank + 2} axes; it needs a batch, channels, and at least one more")
    return rank


@handles("Conv", learned=(1, 2))
@handles("ConvInteger", learned=(1,), kept=(2, 3))
@handles("QLinearConv", learned=(3, 8), kept=(1, 2, 4, 5, 6, 7))
def _conv(call: NodeCall) -> Any:
    quantized = call.name == "QLinearConv"
    weight = call.const(3 if quantized else 1, "weight")
    bias = None if call.name == "ConvInteger" else call.optional(8 if quantized else 2, "bias")
    tensor, rank, groups = call.tensor(), rank_of(call), call.whole("group", 1)
    channels = tensor.shape[1]
    if len(weight.shape) != rank + 2 or groups < 1 or weight.shape[1] * groups != channels:
        raise UnfollowedError(f"its weight of {weight.shape} in {groups} groups does not fit an input of {channels} channels")
    if min(weight.shape) < 1 or (bias is not None and prod(bias.shape) != weight.shape[0]):
        raise UnfollowedError(f"its bias does not fit its weight of {weight.shape}")
    kernel = weight.shape[2:]
    if per_axis(call, "kernel_shape", rank, 0, 0) not in (kernel, (0,) * rank):
        raise UnfollowedError(f"its kernel_shape is not that of its weight, {kernel}")
    stride, dilation = per_axis(call, "strides", rank, 1), per_axis(call, "dilations", rank, 1)
    pads = padding(call, rank, [Window(*axis) for axis in zip(kernel, stride, dilation, strict=True)])
    if bias is not None and not bias.stored and bias.value is None:
        bias = (
            None  # one number, made as long as the channels: so torch's exporter writes the zeros of a bias that is not there
        )
    if quantized or call.name == "ConvInteger":
        kept = [*call.inputs[1:3], *call.inputs[4:8]] if quantized else call.inputs[2:4]
        weight = with_scales(weight, kept)
    return maps.conv(call.program, tensor, weight, bias, stride, pads, dilation, groups)


@handles("ConvTranspose", learned=(1, 2))
def _conv_transpose(call: NodeCall) -> Tensor:
    weight, bias, tensor = call.const(1, "weight"), call.optional(2, "bias"), call.tensor()
    rank, groups, channels = rank_of(call), call.whole("group", 1), call.tensor().shape[1]
    if len(weight.shape) != rank + 2 or groups < 1 or weight.shape[0] != channels or channels % groups or min(weight.shape) < 1:
        raise UnfollowedError(f"its weight of {weight.shape} in {groups} groups does not fit an input of {channels} channels")
    if bias is not None and prod(bias.shape) != weight.shape[1] * groups:
        raise UnfollowedError(f"its bias does not fit its weight of {weight.shape}")
    kernel = weight.shape[2:]
    if per_axis(call, "kernel_shape", rank, 0, 0) not in (kernel, (0,) * rank):
        raise UnfollowedError(f"its kernel_shape is not that of its weight, {kernel}")
    stride, dilation = per_axis(call, "strides", rank, 1), per_axis(call, "dilations", rank, 1)
    extra = per_axis(call, "output_padding", rank, 0, 0)
    windows = [Window(*axis) for axis in zip(kernel, stride, dilation, strict=True)]
    cut = _cut(call, rank, windows, extra)
    before, more, margin = _placed(windows, cut, extra)
    found = maps.conv_transpose(call.program, tensor, weight, bias, stride, before, more, groups, dilation)
    return maps.on_map(call.program, "crop", found, rank, margin=margin) if any(map(any, margin)) else found


def _cut(call: NodeCall, rank: int, windows: list[Window], extra: tuple[int, ...]) -> Pads:
    """How many units the pads take away at each end of each axis."""
    rule, sizes = auto_pad(call), call.tensor().shape[-rank:]
    wanted = call.ints("output_shape")[-rank:]
    if not wanted and rule in ("NOTSET", "VALID"):
        return padding(call, rank, windows)
    if not wanted:
        wanted = [n * w.stride for n, w in zip(sizes, windows, strict=True)]
    if len(wanted) != rank or min(wanted) < 1:
        raise UnfollowedError(f"its output_shape {wanted} does not fit {rank} axes")
    axes = zip(sizes, windows, extra, wanted, strict=True)
    totals = [(n - 1) * w.stride + e + w.extent - out for n, w, e, out in axes]
    if min(totals) < 0:
        raise UnfollowedError(f"its output of {wanted} is larger than what it computes")
    return tuple(maps.halves(total, rule == "SAME_UPPER") for total in totals)


def _placed(windows: list[Window], cut: Pads, extra: tuple[int, ...]) -> tuple[list[int], list[int], Pads]:
    """Equal padding at both ends and output_padding for each axis, as torch has them, and what is cut off after that."""
    before, more, margin = [], [], []
    for window, (start, end), added in zip(windows, cut, extra, strict=True):
        most = max(window.stride, window.dilation) - 1
        if added > most:
            raise UnfollowedError(f"its output_padding {added} is not smaller than its stride or dilation")
        rows = start - end + added  # at the end, beyond those that equal padding leaves
        if rows > most:
            before.append(0)
            more.append(added)
            margin.append((start, end))
        else:
            before.append(start)
            more.append(max(0, rows))
            margin.append((0, max(0, -rows)))
    return before, more, tuple(margin)


@handles("MaxPool", "AveragePool", "LpPool")
def _pool(call: NodeCall) -> Any:
    rank = rank_of(call)
    kernel = per_axis(call, "kernel_shape", rank, 0)
    stride, dilation = per_axis(call, "strides", rank, 1), per_axis(call, "dilations", rank, 1)
    pads = padding(call, rank, [Window(*axis) for axis in zip(kernel, stride, dilation, strict=True)])
    if set(dilation) != {1} and auto_pad(call).startswith("SAME"):
        raise UnfollowedError("its padding follows a rule that implementations read differently for a dilated window")
    ceil = bool(call.whole("ceil_mode")) and auto_pad(call) in ("NOTSET", "VALID")
    settings: dict[str, Any] = {"kernel": kernel, "stride": stride, "ceil_mode": ceil}
    if call.name == "MaxPool":
        found = maps.pool(call.program, "maxpool", call.tensor(), rank, pads, dilation=dilation, **settings)
        return found, opaque(call.program, found) if 1 in call.reads else None
    if set(dilation) != {1}:
        raise UnfollowedError("it averages over a dilated window")
    settings["count_include_pad"] = call.name == "LpPool" or bool(call.whole("count_include_pad"))
    return maps.pool(call.program, "avgpool", call.tensor(), rank, pads, **settings)


@handles("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def _global_pool(call: NodeCall) -> Tensor:
    function = "max" if call.name == "GlobalMaxPool" else "mean"
    return maps.adaptive_pool(call.program, function, call.tensor(), (1,) * rank_of(call))


@handles(f"{MICROSOFT}.QLinearGlobalAveragePool", kept=(1, 2, 3, 4))
def _quantized_pool(call: NodeCall) -> Tensor:
    if call.whole("channels_last"):
        raise UnfollowedError("its channels lie last")
    return scaled(call, maps.adaptive_pool(call.program, "mean", call.tensor(), (1,) * rank_of(call)), call.inputs[1:])


@handles("DepthToSpace", "SpaceToDepth")
def _blocks(call: NodeCall) -> Tensor:
    size = call.whole("blocksize")
    if not 1 <= size <= 64 or rank_of(call) != 2:
        raise UnfollowedError(f"its blocksize {size} does not fit")
    word = "spacetodepth"
    if call.name == "DepthToSpace":
        word = {"DCR": "depthtospace", "CRD": "pixelshuffle"}.get(call.text("mode", "DCR"), "")
    if not word:
        raise UnfollowedError(f"its mode {call.text('mode')!r} is unknown")
    return maps.on_map(call.program, word, call.tensor(), 2, ratio=size)


@handles("Col2Im", settings=(1, 2))
def _col2im(call: NodeCall) -> Tensor:
    size, kernel = (tuple(call.numbers(i, name) or ()) for i, name in ((1, "image_shape"), (2, "block_shape")))
    rank = len(size)
    ones, pads = [1] * rank, call.ints("pads", [0] * 2 * rank)
    stride, dilation = call.ints("strides", ones), call.ints("dilations", ones)
    if pads[:rank] != pads[rank:]:
        raise UnfollowedError("its pads differ at the two ends of an axis")
    settings = {"kernel": kernel, "stride": tuple(stride), "padding": tuple(pads[:rank]), "dilation": tuple(dilation)}
    rows = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in zip(size, kernel, stride, pads, dilation, strict=False)]
    wide = viewed(call.tensor(), (*call.tensor().shape[:-1], *rows))
    return maps.on_map(call.program, "fold", wide, rank, size=size, **settings)
