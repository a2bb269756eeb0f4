"""What each ATen operator means: the table from operators to layers, and views that add none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from rfcalc.importers import maps, products, reductions, selection
from rfcalc.importers.arithmetic import binary, expanded, unary, with_stored
from rfcalc.importers.layout import reshape
from rfcalc.importers.program import Const, Program, Tensor, UnfollowedError
from rfcalc.record import record


@record
class Call:
    """One call of an operator: its name, its arguments by name, the shape that it gives."""

    program: Program
    name: str
    arguments: dict[str, Any]
    shape: tuple[int, ...] | None
    batch: int

    def __getitem__(self, name: str) -> Any:
        return self.arguments.get(name)

    @property
    def x(self) -> Any:
        """The operand that every operator has."""
        return next(self.arguments[name] for name in ("self", "input", "query", "tensors") if name in self.arguments)

    def dim(self, value: int) -> int:
        """An axis counted from the front."""
        return value % max(1, len(self.x.layout))


Handler = Callable[[Call], Any]
HANDLERS: dict[str, Handler] = {}


def handles(*names: str) -> Callable[[Handler], Handler]:
    """Registers a handler for operators, by their names without `aten.`, overload and trailing underscore."""

    def register(handler: Handler) -> Handler:
        for name in names:
            HANDLERS[name] = handler
        return handler

    return register


def tensor_of(value: Any) -> Tensor:
    """The operand, which must depend on the input."""
    if not isinstance(value, Tensor):
        raise UnfollowedError("an operand that must depend on the input does not")
    return value


def const_of(value: Any, what: str) -> Const:
    """The operand, which must not depend on the input."""
    if not isinstance(value, Const):
        raise UnfollowedError(f"its {what} depends on the input")
    return value


@handles(
    "contiguous", "clone", "detach", "alias", "to", "type_as", "_to_copy", "lift_fresh_copy", "lift_fresh", "float", "double"
)
def _same(call: Call) -> Any:
    return call.x


@handles("copy", "slice_scatter", "select_scatter")
def _copied(call: Call) -> Tensor:
    if call.name == "copy":
        assert call.shape is not None
        return expanded(tensor_of(call["src"]), call.shape)
    dim = call["dim"] % len(call.x.shape)
    part, start = call["src"], call["start"] or 0
    if call.name == "select_scatter":
        start = call["index"]
        part = Tensor(part.node, (*part.layout[:dim], (), *part.layout[dim:]))
    elif call["step"] != 1:
        raise UnfollowedError("writes every other value")
    return selection.placed(call.program, call.x, part, dim, start % call.x.shape[dim])  # type: ignore[no-any-return]


@handles("_assert_tensor_metadata", "_assert_async", "sym_constrain_range_for_size")
def _nothing(call: Call) -> None:
    return None


@handles("new_zeros", "new_ones", "new_full", "new_empty", "new_tensor", "zeros_like", "ones_like", "full_like", "empty_like")
@handles("rand_like", "randn_like")
def _like(call: Call) -> Const:
    """A tensor of which only the shape follows from the input's."""
    return Const(call.shape or ())


@handles("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "view_as", "reshape_as", "_unsafe_view", "ravel")
def _reshape(call: Call) -> Tensor:
    assert call.shape is not None
    return Tensor(call.x.node, reshape(call.x.layout, call.shape))


@handles("permute")
def _permute(call: Call) -> Tensor:
    return Tensor(call.x.node, tuple(call.x.layout[dim] for dim in call["dims"]))


@handles("transpose", "swapaxes", "swapdims", "t", "numpy_T", "mT", "adjoint")
def _transpose(call: Call) -> Tensor:
    layout = list(call.x.layout)
    named = [call.arguments[k] for k in ("dim0", "axis0", "dim1", "axis1") if k in call.arguments]
    a, b = named if len(named) == 2 else (-2, -1) if len(layout) > 1 else (0, 0)
    layout[a], layout[b] = layout[b], layout[a]
    return Tensor(call.x.node, tuple(layout))


@handles("movedim", "moveaxis")
def _movedim(call: Call) -> Tensor:
    count = len(call.x.layout)
    source, to = (
        [d % count for d in (value if isinstance(value, list | tuple) else [value])]
        for value in (call["source"], call["destination"])
    )
    order: list[int | None] = [None] * count
    for a, b in zip(source, to, strict=True):
        order[b] = a
    rest = iter(d for d in range(count) if d not in source)
    return Tensor(call.x.node, tuple(call.x.layout[next(rest) if d is None else d] for d in order))


@handles("expand", "expand_as", "broadcast_to")
def _expand(call: Call) -> Tensor:
    assert call.shape is not None
    return expanded(tensor_of(call.x), call.shape)


@handles("repeat", "tile")
def _repeat(call: Call) -> Tensor:
    counts = call["repeats"] or call["dims"]
    return selection.tiled(tensor_of(call.x), [1] * (len(call.x.layout) - len(counts)) + list(counts))


@handles("repeat_interleave")
def _interleave(call: Call) -> Tensor:
    if not isinstance(call["repeats"], int) or call["dim"] is None:
        raise UnfollowedError("repeats by numbers that depend on the input")
    return selection.interleaved(tensor_of(call.x), call["repeats"], call.dim(call["dim"]))


@handles("select")
def _select(call: Call) -> Tensor:
    return selection.select(call.program, call.x, call.dim(call["dim"]), call["index"])


@handles("slice", "narrow")
def _slice(call: Call) -> Any:
    dim, size = call.dim(call["dim"]), call.x.shape[call.dim(call["dim"])]
    if "length" in call.arguments:
        return selection.narrow(call.program, call.x, dim, call["start"] % size, call["length"])
    start, stop, step = slice(call["start"], call["end"], call["step"]).indices(size)
    return selection.narrow(call.program, call.x, dim, start, len(range(start, stop, step)), step)


@handles("split", "split_with_sizes", "chunk", "unsafe_split", "unsafe_chunk", "tensor_split")
def _split(call: Call) -> tuple[Tensor, ...]:
    dim = call.dim(call["dim"] or 0)
    size = call.x.shape[dim]
    sizes = call["split_sizes"] if call["split_sizes"] is not None else call["split_size"]
    if "indices" in call.arguments:
        ends = [0, *(i % (size + 1) for i in call["indices"]), size]
        sizes = [b - a for a, b in zip(ends, ends[1:], strict=False)]
    elif "sections" in call.arguments:
        sizes = [size // call["sections"] + (i < size % call["sections"]) for i in range(call["sections"])]
    elif "chunks" in call.arguments:
        sizes = -(-size // call["chunks"])
    if isinstance(sizes, int):
        sizes = [min(sizes, size - start) for start in range(0, size, sizes)]
    return selection.chunks(call.program, tensor_of(call.x), dim, sizes)


@handles("unbind")
def _unbind(call: Call) -> tuple[Tensor, ...]:
    dim = call.dim(call["dim"])
    return tuple(selection.select(call.program, call.x, dim, i) for i in range(call.x.shape[dim]))


@handles("index", "index_select")
def _index(call: Call) -> Tensor:
    indices = call["indices"] if "indices" in call.arguments else [None] * call.dim(call["dim"]) + [call["index"]]
    places = [i for i, index in enumerate(indices) if index is not None]
    if not isinstance(call.x, Tensor) or len(places) != 1:
        raise UnfollowedError("picks values by several tensors of indices")
    from rfcalc.importers.torch_follow import known_value

    value = known_value(const_of(indices[places[0]], "index"))
    if value is None or value.dim() != 1:
        raise UnfollowedError("picks values by indices that are not known")
    size = call.x.shape[places[0]]
    index = (
        [i for i, keep in enumerate(value.tolist()) if keep]
        if value.dtype.is_floating_point is False and str(value.dtype) == "torch.bool"
        else value.tolist()
    )
    return selection.gather(call.program, call.x, places[0], [int(i) % size for i in index])  # type: ignore[no-any-return]


@handles("cat", "concat", "concatenate")
def _cat(call: Call) -> Tensor:
    parts = call["tensors"]
    first = next(part for part in parts if isinstance(part, Tensor))
    return selection.concat(call.program, parts, call["dim"] % len(first.layout))


@handles("stack")
def _stack(call: Call) -> Tensor:
    parts = call["tensors"]
    first = next(part for part in parts if isinstance(part, Tensor))
    dim = call["dim"] % (len(first.layout) + 1)

    def wider(part: Any) -> Any:
        if isinstance(part, Tensor):
            return Tensor(part.node, (*part.layout[:dim], (), *part.layout[dim:]))
        return Const((*part.shape[:dim], 1, *part.shape[dim:]), part.stored, part.macs)

    return selection.concat(call.program, [wider(part) for part in parts], dim)


@handles("roll")
def _roll(call: Call) -> Tensor:
    if not call["dims"]:
        raise UnfollowedError("rolls all axes as one")
    moves = dict(zip((call.dim(d) for d in call["dims"]), call["shifts"], strict=True))
    return selection.rolled(call.program, call.x, moves)


@handles("flip")
def _flip(call: Call) -> Tensor:
    return selection.flipped(call.program, call.x, [call.dim(d) for d in call["dims"]])


@handles("pad", "constant_pad_nd", "reflection_pad1d", "reflection_pad2d", "reflection_pad3d", "replication_pad1d")
@handles("replication_pad2d", "replication_pad3d")
def _pad(call: Call) -> Tensor:
    flat = list(call["pad"] if "pad" in call.arguments else call["padding"])
    pads = [(flat[i], flat[i + 1]) for i in range(0, len(flat), 2)][::-1]
    mode = call["mode"] or {"refle": "reflect", "repli": "replicate"}.get(call.name[:5], "constant")
    return selection.padded(call.program, tensor_of(call.x), pads, "zeros" if mode == "constant" else mode)


@handles("linear")
def _linear(call: Call) -> Tensor:
    if isinstance(call["weight"], Tensor):
        raise UnfollowedError("its weight depends on the input")
    return products.linear(call.program, tensor_of(call.x), call["weight"], call["bias"])


@handles("matmul", "mm", "bmm", "mv", "dot")
def _matmul(call: Call) -> Tensor:
    first, second = call.x, next(call.arguments[k] for k in ("other", "mat2", "vec", "tensor") if k in call.arguments)
    return products.product(call.program, first, second)


@handles("addmm", "baddbmm", "addbmm")
def _addmm(call: Call) -> Tensor:
    first = call["mat1"] if "mat1" in call.arguments else call["batch1"]
    second = call["mat2"] if "mat2" in call.arguments else call["batch2"]
    found = products.product(call.program, first, second)
    if call["beta"] == 0 or (isinstance(call.x, Const) and not call.x.stored and 1 in call.x.shape):
        return found
    return binary(call.program, "add", found, call.x)


@handles("einsum")
def _einsum(call: Call) -> Tensor:
    return products.einsum(call.program, call["equation"].replace(" ", ""), call["tensors"])


@handles("scaled_dot_product_attention")
def _attention(call: Call) -> Tensor:
    query, key, value = (call[name] for name in ("query", "key", "value"))
    if isinstance(call["attn_mask"], Tensor):
        raise UnfollowedError("its mask depends on the input")
    if not all(isinstance(operand, Tensor) for operand in (query, key, value)):
        query, key, value = (_laid(call.program, o, query, key) for o in (query, key, value))
    if call["enable_gqa"] and key.shape[-3] != query.shape[-3]:
        key, value = (selection.interleaved(o, query.shape[-3] // o.shape[-3], len(o.layout) - 3) for o in (key, value))
    return products.attend(call.program, query, key, value, [call["attn_mask"]])


def _laid(program: Program, operand: Any, *others: Any) -> Tensor:
    """A stored operand of attention (learned queries) as a layer."""
    if isinstance(operand, Tensor):
        return operand
    *lead, count, depth = operand.shape
    from rfcalc.importers.layout import CHANNELS, Factor, full, merged
    from rfcalc.ops import make

    claim = program.claim([operand])
    heads = prod(lead)
    op = make("constant", out=heads * depth, size=(count,), params=claim.params, buffers=claim.buffers)
    node = program.emit(op, [], None, claim).node
    stride, axes = heads * depth, []
    for n in lead:
        stride //= n
        axes.append(merged([Factor(CHANNELS, stride, n)]))
    return Tensor(node, (*axes, full(1, count), full(CHANNELS, depth)))


@handles("softmax", "_softmax", "log_softmax", "_log_softmax", "_safe_softmax")
def _softmax(call: Call) -> Tensor:
    return reductions.softmax(call.program, tensor_of(call.x), call.dim(call["dim"]))


@handles("mean", "sum", "amax", "amin", "var", "std", "linalg_vector_norm", "norm", "logsumexp", "max", "min", "prod")
def _reduce(call: Call) -> Any:
    if "other" in call.arguments:
        return binary(call.program, call.name, call.x, call["other"])
    dims = call["dim"]
    dims = [] if dims is None else dims if isinstance(dims, list | tuple) else [dims]
    function = {
        "amax": "max",
        "amin": "min",
        "std": "var",
        "linalg_vector_norm": "norm",
        "logsumexp": "sum",
        "prod": "sum",
    }.get(call.name, call.name)
    found = reductions.reduced(call.program, function, tensor_of(call.x), dims, bool(call["keepdim"]))
    return (found, None) if call.name in ("max", "min") and dims else found


@handles("batch_norm", "cudnn_batch_norm", "native_batch_norm", "_native_batch_norm_legit_no_training")
def _batch_norm(call: Call) -> Any:
    names = ("weight", "bias", "running_mean", "running_var")
    if any(isinstance(call[name], Tensor) for name in names):
        raise UnfollowedError("its statistics depend on the input")
    if call["running_mean"] is None or call["training"]:
        return reductions.instance_norm(call.program, tensor_of(call.x), [call["weight"], call["bias"]], call["eps"])
    affine = call["weight"] is not None
    return reductions.batch_norm(call.program, tensor_of(call.x), [call[name] for name in names], call["eps"], affine)


@handles("layer_norm", "native_layer_norm", "rms_norm")
def _layer_norm(call: Call) -> Any:
    consts = [call["weight"], call["bias"]]
    if any(isinstance(const, Tensor) for const in consts):
        raise UnfollowedError("its weight depends on the input")
    found = reductions.layer_norm(
        call.program, tensor_of(call.x), len(call["normalized_shape"]), consts, call["eps"], call.name == "rms_norm"
    )
    return (found, None, None) if call.name.startswith("native") else found


@handles("group_norm")
def _group_norm(call: Call) -> Tensor:
    return reductions.group_norm(
        call.program, tensor_of(call.x), call["num_groups"], [call["weight"], call["bias"]], call["eps"]
    )


@handles("instance_norm")
def _instance_norm(call: Call) -> Tensor:
    if not call["use_input_stats"]:
        names = ("weight", "bias", "running_mean", "running_var")
        return reductions.batch_norm(call.program, call.x, [call[n] for n in names], call["eps"], call["weight"] is not None)
    return reductions.instance_norm(call.program, tensor_of(call.x), [call["weight"], call["bias"]], call["eps"])


ACTIVATIONS = ("relu", "relu6", "silu", "gelu", "hardswish", "hardsigmoid", "sigmoid", "tanh", "mish", "selu", "softplus")


@handles(*ACTIVATIONS)
def _activation(call: Call) -> Tensor:
    return unary(call.program, call.name, tensor_of(call.x))


@handles("leaky_relu", "elu", "celu", "rrelu", "threshold", "hardshrink", "softshrink")
def _leaky(call: Call) -> Tensor:
    if call.name in ("leaky_relu", "rrelu"):
        slope = call["negative_slope"] if call.name == "leaky_relu" else (call["lower"] + call["upper"]) / 2
        return unary(call.program, "leakyrelu", tensor_of(call.x), slope=float(slope))
    return unary(call.program, "elu" if "elu" in call.name else "relu", tensor_of(call.x))


@handles("hardtanh", "clamp", "clip", "clamp_min", "clamp_max")
def _clamp(call: Call) -> Tensor:
    low = call["min_val"] if call.name == "hardtanh" else call["min"]
    high = call["max_val"] if call.name == "hardtanh" else call["max"]
    tensor = tensor_of(call.x)
    if (low, high) == (0, 6):
        return unary(call.program, "relu6", tensor)
    for function, value in (("max", low), ("min", high)):
        if isinstance(value, Const | Tensor):
            tensor = binary(call.program, function, tensor, value)
        elif value is not None:
            tensor = unary(
                call.program, "pointwise", tensor, function="min" if function == "max" else "max", value=float(value)
            )
    return tensor


@handles("prelu", "_prelu_kernel")
def _prelu(call: Call) -> Tensor:
    from rfcalc.ops import make

    weight = const_of(call["weight"], "weight")
    claim = call.program.claim([weight])
    return call.program.emit(make("prelu", parameters=prod(weight.shape)), [tensor_of(call.x)], call.x.layout, claim)


@handles("glu")
def _glu(call: Call) -> Tensor:
    dim = call.dim(call["dim"])
    half = call.x.shape[dim] // 2
    value, gate = selection.chunks(call.program, tensor_of(call.x), dim, [half, half])
    return binary(call.program, "mul", value, unary(call.program, "sigmoid", gate))


@handles("dropout", "feature_dropout", "alpha_dropout", "native_dropout")
def _dropout(call: Call) -> Tensor:
    p = call["p"] or 0.0
    return unary(call.program, "dropout", tensor_of(call.x), p=float(p)) if p else tensor_of(call.x)


FUNCTIONS = [
    "exp",
    "log",
    "log1p",
    "expm1",
    "sqrt",
    "rsqrt",
    "abs",
    "neg",
    "reciprocal",
    "square",
    "sin",
    "cos",
    "tan",
    "atan",
    "erf",
    "sign",
    "floor",
    "ceil",
    "round",
    "trunc",
    "frac",
    "softsign",
    "isnan",
]


@handles(*FUNCTIONS, "log_sigmoid", "logical_not")
def _function(call: Call) -> Tensor:
    name = {"log_sigmoid": "logsigmoid"}.get(call.name, call.name)
    return unary(call.program, "pointwise", tensor_of(call.x), function=name)


@handles("add", "sub", "subtract", "rsub", "mul", "multiply", "div", "divide", "true_divide", "maximum", "minimum", "pow")
def _arithmetic(call: Call) -> Tensor:
    name = {"subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div", "maximum": "max", "minimum": "min"}
    function = name.get(call.name, call.name)
    first, second = call.x, call["exponent"] if "exponent" in call.arguments else call["other"]
    if function == "rsub":
        first, second, function = second, first, "sub"
    if call["alpha"] not in (None, 1) and isinstance(second, Tensor):
        second = binary(call.program, "mul", second, call["alpha"])
    return binary(call.program, function, first, second)


@handles("addcmul", "addcdiv", "lerp")
def _fused(call: Call) -> Tensor:
    if call.name == "lerp":
        moved = binary(call.program, "sub", call["end"], call.x)
        return binary(call.program, "add", binary(call.program, "mul", moved, call["weight"]), call.x)
    term = binary(call.program, "mul" if call.name == "addcmul" else "div", call["tensor1"], call["tensor2"])
    return binary(call.program, "add", term, call.x)


@handles(
    "masked_fill", "where", "bitwise_not", "ne", "eq", "gt", "lt", "ge", "le", "nan_to_num", "floor_divide", "remainder", "fmod"
)
def _masked(call: Call) -> Tensor:
    """Pointwise with what does not depend on the input (a mask of shifted windows)."""
    operands = [v for v in call.arguments.values() if isinstance(v, Tensor)]
    if len(operands) != 1:
        raise UnfollowedError("compares or masks several tensors that depend on the input")
    consts = [v for v in call.arguments.values() if isinstance(v, Const)]
    return with_stored(call.program, "where", operands[0], consts)


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
    "max_pool1d", "max_pool2d", "max_pool3d", "max_pool2d_with_indices", "max_pool3d_with_indices", "avg_pool1d", "avg_pool2d"
)
@handles("avg_pool3d")
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
    return (found, None) if call.name.endswith("indices") else found


@handles("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "_adaptive_avg_pool2d", "adaptive_max_pool1d")
@handles("adaptive_max_pool2d", "adaptive_max_pool3d")
def _adaptive(call: Call) -> Any:
    rank = int(call.name.split("pool")[1][0])
    function = "max" if "max" in call.name else "mean"
    found = maps.adaptive_pool(call.program, function, tensor_of(call.x), maps.numbers(call["output_size"], rank))
    return (found, None) if function == "max" else found


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


@handles("unfold")
def _unfold(call: Call) -> Tensor:
    return selection.windowed(call.program, tensor_of(call.x), call.dim(call["dimension"]), call["size"], call["step"])


def work(name: str, shapes: Sequence[tuple[int, ...]], node: Any) -> int:
    """Multiply-accumulates of a product or convolution of stored tensors alone, which each forward pass does again."""
    value = node.meta.get("val")
    if not hasattr(value, "numel") or not shapes:
        return 0
    if name in ("linear", "mm", "matmul", "bmm") and len(shapes) > 1:
        return int(value.numel()) * shapes[0][-1]
    if name.startswith("conv") and len(shapes) > 1:
        return int(value.numel()) * prod(shapes[1][1:])
    if name in ("einsum", "scaled_dot_product_attention", "addmm", "baddbmm"):
        raise UnfollowedError(f"{name} of stored tensors alone")
    return 0
