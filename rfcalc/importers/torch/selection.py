"""ATen operators that select along axes: slices, splits, lists of indices."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from rfcalc.importers.programs import selection
from rfcalc.importers.programs.arithmetic import opaque
from rfcalc.importers.programs.axes import solid
from rfcalc.importers.programs.constants import known
from rfcalc.importers.programs.program import Const, Tensor, UnfollowedError
from rfcalc.importers.programs.views import expanded, permuted, viewed
from rfcalc.importers.torch.call import Call, handles

LONGEST = 1 << 60  # beyond it, an end is torch's word for none


@handles("select")
def _select(call: Call) -> Tensor:
    return selection.select(call.program, call.tensor(), call.axis(call["dim"]), call["index"])


def open_ended(start: Any, end: Any) -> bool:
    """Whether a slice of a longer axis would be longer: it begins with a certain value and ends before the last few or none."""
    return isinstance(start, int) and start >= 0 and (end is None or not 0 <= end < LONGEST)


@handles("slice", "narrow")
def _slice(call: Call) -> Any:
    dim = call.axis(call["dim"])
    size = call.tensor().shape[dim]
    if "length" in call.arguments:
        start = call["start"] % size
        return selection.sliced(call.program, call.tensor(), dim, range(start, start + call["length"]))
    start, end = call["start"] or 0, call["end"]
    taken = range(*slice(start, end, call["step"]).indices(size))
    return selection.sliced(call.program, call.tensor(), dim, taken, open_ended(start, end))


@handles("split", "split_with_sizes", "chunk", "unsafe_split", "unsafe_chunk", "tensor_split")
def _split(call: Call) -> tuple[Tensor, ...]:
    dim = call.axis(call["dim"] or 0)
    size = call.tensor().shape[dim]
    sizes = call["split_sizes"] if call["split_sizes"] is not None else call["split_size"]
    if "indices" in call.arguments:
        ends = [0, *(i % (size + 1) for i in call["indices"]), size]
        sizes = [b - a for a, b in zip(ends, ends[1:], strict=False)]
    elif "sections" in call.arguments:
        sizes = [size // call["sections"] + (i < size % call["sections"]) for i in range(call["sections"])]
    elif "chunks" in call.arguments:
        sizes = -(-size // call["chunks"])
    return selection.chunks(call.program, call.tensor(), dim, selection.alike(size, sizes) if isinstance(sizes, int) else sizes)


@handles("unbind")
def _unbind(call: Call) -> tuple[Tensor, ...]:
    dim = call.axis(call["dim"])
    return tuple(selection.select(call.program, call.tensor(), dim, i) for i in range(call.tensor().shape[dim]))


@handles("index", "index_select")
def _index(call: Call) -> Tensor:
    indices = call["indices"] if "indices" in call.arguments else [None] * call.axis(call["dim"]) + [call["index"]]
    tables = [_numbers(index) for index in indices if index is not None]
    places = [i for i, index in enumerate(indices) if index is not None]
    if len(places) != 1:
        return _by_several(call, places, tables)
    return selection.picked(call.program, call.tensor(), places[0], tuple(tables[0].shape), tables[0].reshape(-1).tolist())


def _numbers(index: Any) -> Any:
    """A stored tensor of indices; a mask of one axis as the places that it keeps."""
    value = known(index) if isinstance(index, Const) else None
    if value is None:
        raise UnfollowedError("picks values by indices that are not known")
    return value.nonzero()[:, 0] if str(value.dtype) == "torch.bool" else value


def _by_several(call: Call, places: Sequence[int], tables: Sequence[Any]) -> Tensor:
    """The values at pairs (or more) of places: those of the axes joined into one, which comes first where they lie apart."""
    tensor, count, axes = call.tensor(), len(places), list(range(len(call.tensor().layout)))
    first = places[0] if list(places) == axes[places[0] : places[0] + count] else 0
    rest = [axis for axis in axes if axis not in places]
    tensor = permuted(tensor, [*rest[:first], *places, *rest[first:]])
    sizes = tensor.shape[first : first + count]
    flat = sum(table % size * prod(sizes[i + 1 :]) for i, (table, size) in enumerate(zip(tables, sizes, strict=True)))
    joined = viewed(tensor, (*tensor.shape[:first], prod(sizes), *tensor.shape[first + count :]))
    return selection.picked(call.program, joined, first, tuple(flat.shape), flat.reshape(-1).tolist())


@handles("one_hot", "embedding")
def _by_number(call: Call) -> Tensor:
    """What a number of its own picks: each value of the new last axis reads that number."""
    index = call["indices"] if call.name == "embedding" else call.x
    weight = call.const("weight") if call.name == "embedding" else Const(())
    if not isinstance(index, Tensor):
        raise UnfollowedError("its first operand must depend on the network's input, and does not")
    wide = expanded(Tensor(index.node, (*index.layout, ())), call.sizes)
    return opaque(call.program, solid(call.program, wide), [Const((), weight.stored, weight.made)])
