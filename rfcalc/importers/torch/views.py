"""ATen operators that move numbers: views, slices, joins, padding."""

from __future__ import annotations

from typing import Any

from rfcalc.importers.programs import joining, moving, selection
from rfcalc.importers.programs.arithmetic import expanded
from rfcalc.importers.programs.layout import reshape
from rfcalc.importers.programs.program import Tensor, UnfollowedError
from rfcalc.importers.torch.call import Call, const_of, handles, tensor_of
from rfcalc.importers.torch.values import known_value


@handles("contiguous", "clone", "detach", "alias", "to", "_to_copy", "lift_fresh_copy", "lift_fresh", "float", "double")
@handles("type_as", shapes=("other",))
def _same(call: Call) -> Any:
    return call.x


@handles("copy", shapes=("self",))
@handles("slice_scatter", "select_scatter")
def _copied(call: Call) -> Tensor:
    if call.name == "copy":
        assert call.shape is not None
        return expanded(tensor_of(call["src"]), call.shape)
    dim = call["dim"] % len(call.x.shape)
    part, start = call["src"], call["start"] or 0
    if call.name == "select_scatter":
        start = call["index"]
        part = joining.widened(part, dim)
    elif call["step"] != 1:
        raise UnfollowedError("writes every other value")
    return joining.placed(call.program, call.x, part, dim, start % call.x.shape[dim])  # type: ignore[no-any-return]


@handles("_assert_tensor_metadata", "_assert_async", "sym_constrain_range_for_size")
def _nothing(call: Call) -> None:
    return None


handles.shapes_only("new_zeros", "new_ones", "new_full", "new_empty", "new_tensor", operands=("self",))
handles.shapes_only("zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", operands=("self",))


@handles("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "_unsafe_view", "ravel")
@handles("view_as", "reshape_as", shapes=("other",))
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


@handles("expand", "broadcast_to")
@handles("expand_as", shapes=("other",))
def _expand(call: Call) -> Tensor:
    assert call.shape is not None
    return expanded(tensor_of(call.x), call.shape)


@handles("repeat", "tile")
def _repeat(call: Call) -> Tensor:
    counts = call["repeats"] or call["dims"]
    return moving.tiled(tensor_of(call.x), [1] * (len(call.x.layout) - len(counts)) + list(counts))


@handles("repeat_interleave")
def _interleave(call: Call) -> Tensor:
    if not isinstance(call["repeats"], int) or call["dim"] is None:
        raise UnfollowedError("repeats by numbers that depend on the input")
    return moving.interleaved(tensor_of(call.x), call["repeats"], call.dim(call["dim"]))


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
    return joining.concat(call.program, parts, call["dim"] % len(first.layout))


@handles("stack")
def _stack(call: Call) -> Tensor:
    parts = call["tensors"]
    first = next(part for part in parts if isinstance(part, Tensor))
    dim = call["dim"] % (len(first.layout) + 1)
    return joining.concat(call.program, [joining.widened(part, dim) for part in parts], dim)


@handles("roll")
def _roll(call: Call) -> Tensor:
    if not call["dims"]:
        raise UnfollowedError("rolls all axes as one")
    moves = dict(zip((call.dim(d) for d in call["dims"]), call["shifts"], strict=True))
    return moving.rolled(call.program, call.x, moves)


@handles("flip")
def _flip(call: Call) -> Tensor:
    return moving.flipped(call.program, call.x, [call.dim(d) for d in call["dims"]])


@handles("rot90")
def _rot90(call: Call) -> Tensor:
    a, b = (call.dim(d) for d in call["dims"])
    turns = call["k"] % 4
    turned = moving.flipped(call.program, call.x, [[], [b], [a, b], [a]][turns]) if turns else tensor_of(call.x)
    layout = list(turned.layout)
    if turns % 2:
        layout[a], layout[b] = layout[b], layout[a]
    return Tensor(turned.node, tuple(layout))


@handles("pad", "constant_pad_nd", "reflection_pad1d", "reflection_pad2d", "reflection_pad3d", "replication_pad1d")
@handles("replication_pad2d", "replication_pad3d")
def _pad(call: Call) -> Tensor:
    flat = list(call["pad"] if "pad" in call.arguments else call["padding"])
    pads = [(flat[i], flat[i + 1]) for i in range(0, len(flat), 2)][::-1]
    mode = call["mode"] or {"refle": "reflect", "repli": "replicate"}.get(call.name[:5], "constant")
    return moving.padded(call.program, tensor_of(call.x), pads, "zeros" if mode == "constant" else mode)


@handles("unfold")
def _unfold(call: Call) -> Tensor:
    return moving.windowed(call.program, tensor_of(call.x), call.dim(call["dimension"]), call["size"], call["step"])
