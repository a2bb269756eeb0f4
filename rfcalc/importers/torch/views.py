"""ATen operators that move no number: other shapes, orders and repetitions of axes."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from rfcalc.importers.programs import views
from rfcalc.importers.programs.program import Const, Tensor, UnfollowedError
from rfcalc.importers.torch.call import Call, handles

handles.shapes_only("new_zeros", "new_ones", "new_full", "new_empty", "new_tensor", operands=("self",))
handles.shapes_only("zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", operands=("self",))


@handles("contiguous", "clone", "detach", "alias", "to", "_to_copy", "lift_fresh_copy", "lift_fresh", "float", "double")
@handles("type_as", shapes=("other",))
def _same(call: Call) -> Any:
    return call.x


@handles("_assert_tensor_metadata", "_assert_async", "sym_constrain_range_for_size")
def _nothing(call: Call) -> None:
    return None


@handles("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "_unsafe_view", "ravel")
@handles("view_as", "reshape_as", shapes=("other",))
def _reshape(call: Call) -> Tensor:
    return views.viewed(call.tensor(), call.sizes)


@handles("permute")
def _permute(call: Call) -> Tensor:
    return views.permuted(call.tensor(), [call.axis(dim) for dim in call["dims"]])


@handles("transpose", "swapaxes", "swapdims")
def _swap(call: Call) -> Tensor:
    a, b = (call.axis(call.arguments[name]) for name in ("dim0", "axis0", "dim1", "axis1") if name in call.arguments)
    return views.swapped(call.tensor(), a, b)


@handles("t", "numpy_T", "mT", "adjoint")
def _transpose(call: Call) -> Tensor:
    rank = len(call.tensor().layout)
    if call.name == "numpy_T":
        return views.permuted(call.tensor(), range(rank)[::-1])
    return views.swapped(call.tensor(), -2, -1) if rank > 1 else call.tensor()


@handles("movedim", "moveaxis")
def _movedim(call: Call) -> Tensor:
    source, to = (
        [call.axis(d) for d in (value if isinstance(value, list | tuple) else [value])]
        for value in (call["source"], call["destination"])
    )
    rest = iter(d for d in range(len(call.tensor().layout)) if d not in source)
    placed = dict(zip(to, source, strict=True))
    return views.permuted(call.tensor(), [placed[d] if d in placed else next(rest) for d in range(len(call.x.layout))])


@handles("expand", "broadcast_to")
@handles("expand_as", shapes=("other",))
def _expand(call: Call) -> Tensor:
    return views.expanded(call.tensor(), call.sizes)


@handles("broadcast_tensors")
def _together(call: Call) -> tuple[Any, ...]:
    """Each operand as large as all of them; what a step gives of its stored ones does not depend on the input."""
    parts = call["tensors"]
    sizes = [max(n) for n in zip_longest(*(part.shape[::-1] for part in parts), fillvalue=1)][::-1]
    return tuple(
        views.expanded(part, sizes) if isinstance(part, Tensor) else Const(tuple(sizes), part.stored, part.made)
        for part in parts
    )


@handles("repeat", "tile")
def _repeat(call: Call) -> Tensor:
    counts = call["repeats"] or call["dims"]
    return views.tiled(call.tensor(), [1] * (len(call.x.layout) - len(counts)) + list(counts))


@handles("repeat_interleave")
def _interleave(call: Call) -> Tensor:
    if not isinstance(call["repeats"], int) or call["dim"] is None:
        raise UnfollowedError("repeats by numbers that depend on the input")
    return views.interleaved(call.tensor(), call["repeats"], call.axis(call["dim"]))
