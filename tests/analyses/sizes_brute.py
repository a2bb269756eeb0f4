"""What torch says about the input sizes of a network, one size after the other: whether it runs, whether rows are dropped, and
whether some unit touches no padding. Built on the oracle's layers, which share no code with the analysis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from rfcalc.graph import Graph
from tests.oracle.layers import LAYERS
from tests.oracle.network import Oracle
from tests.oracle.places import per_axis

LONGER = 60  # a multiple of the strides that are drawn
# Layers that hold one number per unit of their input.
PER_UNIT = ("positions",)


class Sized(Oracle):
    """A network at one size. `weights`: the shape of each weight, by node; whatever is read beyond an edge (interpolation,
    windows of attention) holds the parameter `padding`, and nothing else does."""

    def __init__(self, graph: Graph, size: Sequence[int]) -> None:
        self.weights: list[Any] = []
        super().__init__(graph, local=True, sizes={graph.inputs[0]: tuple(size)})

    def weight(self, out: int, wide: int, kernel: Sequence[int]) -> Tensor:
        self.weights.append((out, wide, tuple(kernel)))
        return super().weight(out, wide, kernel)

    def pad(self, x: Tensor, sides: Sequence[tuple[int, int]], mode: str = "zeros") -> Tensor:
        """As the oracle's, but only what lies beyond the first axis, at a place of the others that is read, holds `padding`."""
        kept, self.padding = self.padding, torch.zeros((), dtype=torch.float64)
        padded, self.padding = super().pad(x, sides, mode), kept
        beyond = F.pad(torch.zeros(1, 1, *x.shape[2:], dtype=torch.float64), [0, 0] * (x.dim() - 3) + list(sides[0]), value=1.0)
        flat = [side for pair in reversed(sides[1:]) for side in pair] + [0, 0]
        beyond = F.pad(beyond, flat) if mode == "zeros" else F.pad(beyond, flat, mode=mode)
        return padded + self.padding * beyond if padded.requires_grad else padded

    def _marked(self, x: Tensor, rows: list[bool]) -> Tensor:
        if not x.requires_grad or not any(rows):
            return x
        return x + self.padding * torch.tensor(rows, dtype=torch.float64).reshape(-1, *(1,) * (x.dim() - 3))

    def _layer(self, op: Any, inputs: Sequence[Any]) -> Tensor:
        if any(_missing(op, x) for x in inputs[:1]):
            raise RuntimeError("units are wanted that are not there")
        if op.word in PER_UNIT or getattr(op, "over", "") == "all":
            self.weights.append(tuple(inputs[0].shape))
        if op.word not in BEYOND:
            return super()._layer(op, inputs)
        kept, self.padding = self.padding, torch.zeros((), dtype=torch.float64)
        value = _rolled(self, op, inputs[0]) if op.word == "roll" else super()._layer(op, inputs)
        self.padding = kept
        return self._marked(value, BEYOND[op.word](op, inputs[0].dim() - 2, inputs[0].shape[2], value.shape[2]))

    def clean(self, index: int) -> Tensor | None:
        """The units of a node that read nothing beyond the first axis; None if no path without a global layer leads to it.
        The derivative of every unit by the padding at once is the derivative of a product by its factor."""
        value = self._value(index)
        if not value.requires_grad:
            return None
        ones = torch.ones_like(value, requires_grad=True)
        first = torch.autograd.grad(value, self.padding, ones, create_graph=True, allow_unused=True)[0]
        touched = torch.zeros_like(value)
        if first is not None and first.requires_grad:
            touched = torch.autograd.grad(first, ones, torch.ones_like(first))[0]
        return (touched == 0).all(1)


def _missing(op: Any, x: Tensor) -> bool:
    """Whether a layer that takes some units of its input finds fewer: Python's slices would then take what there is; or what
    torch refuses: a norm of a map that is a single number, another number of windows than a fold is made for."""
    if op.word == "instancenorm":
        return x[0, 0].numel() == 1
    if op.word == "fold":  # which torch makes for one number of windows
        rank = x.dim() - 2
        each = (per_axis(value, rank) for value in (op.size, op.kernel, op.stride, op.padding, op.dilation))
        return any((n + 2 * p - d * (k - 1) - 1) // s + 1 != m for n, k, s, p, d, m in zip(*each, x.shape[2:], strict=True))
    if op.word == "take":
        last = max(op.index) if op.index else op.start + (op.count - 1) * op.step
        return bool(last >= x.shape[1 + op.axis])
    if op.word != "crop":
        return False
    rank = x.dim() - 2
    wanted = per_axis(1 if op.size is None else op.size, rank)
    starts = per_axis(0 if op.offset is None else op.offset, rank)
    return any(start + m > n for start, m, n in zip(starts, wanted, x.shape[2:], strict=True))


def _interpolated(op: Any, rank: int, n: int, m: int) -> list[bool]:
    """Which units of an interpolation read beyond the edge: torch clamps the place of a linear one, the taps of a cubic."""
    if op.mode == "nearest" or op.align_corners:
        return [False] * m
    scale = None if op.scale is None else per_axis(op.scale, rank)[0]
    cubic = op.mode == "bicubic"
    if n == m and (not cubic or scale in (None, 1)):
        return [False] * m
    ratio = 1 / scale if scale else n / m
    found = []
    for i in range(m):
        place = (i + 0.5) * ratio - 0.5
        whole = abs(place - round(place)) < 1e-9
        first, last = (round(place),) * 2 if whole else (floor(place) - cubic, floor(place) + 1 + cubic)
        found.append(first < 0 or last >= n)
    return found


def _windows(op: Any, rank: int, n: int, _: int) -> list[bool]:
    w, s = per_axis(op.window, rank)[0], per_axis(op.shift, rank)[0]
    s = s if n > w else 0
    starts = [(i - s) // w * w + s for i in range(n)]
    return [start < 0 or start + w > n for start in starts]


def _rolled(_: Oracle, op: Any, x: Tensor) -> Tensor:
    rank = x.dim() - 2
    return x.roll(per_axis(op.shift, rank), tuple(range(2, 2 + rank)))


def _wrapped(op: Any, rank: int, n: int, _: int) -> list[bool]:
    by = per_axis(op.shift, rank)[0]
    return [by % n != 0 and not 0 <= i - by < n for i in range(n)]


# Which units of a layer read beyond an edge, on the first axis, of n units that become m.
BEYOND: dict[str, Callable[[Any, int, int, int], list[bool]]] = {
    "upsample": _interpolated,
    "windowattention": _windows,
    "roll": _wrapped,
}


def runs(graph: Graph, size: Sequence[int]) -> Sized | None:
    """The network at a size; None where torch, or a weight that is made for another size, refuses."""
    own, at = Sized(graph, graph.nodes[graph.inputs[0]].shape.size), Sized(graph, size)
    whole = all(value is not None and value.numel() for value in at.values)
    return at if whole and at.weights == own.weights else None


def drops(at: Sized, axis: int) -> bool:
    """Whether some tensor has rows that nobody reads, but that a strided layer would read if the tensor did not end there."""
    nodes = at.graph.nodes
    for j in range(len(nodes)):
        value = at._value(j)
        if value.dim() < 3 + axis:
            continue
        read, beyond = torch.zeros(value.shape[2 + axis]), torch.zeros(value.shape[2 + axis])
        for i, node in enumerate(nodes):
            if j in node.inputs:
                now, then = _rows(at, i, j, axis)
                read, beyond = read + now, beyond + then
        if bool(((read == 0) & (beyond > 0)).any()):
            return True
    return False


def _rows(at: Sized, reader: int, source: int, axis: int) -> tuple[Tensor, Tensor]:
    """How often each row of `source` is read by a layer, and by the windows that come next if the layer is strided."""
    n = at._value(source).shape[2 + axis]
    value, leaf = _alone(at, reader, source, axis, 0)
    read = _seen(value, leaf, axis)
    m = value.shape[2 + axis] if value.dim() > 2 + axis else 0
    try:
        longer, leaf = _alone(at, reader, source, axis, LONGER)
    except (RuntimeError, IndexError):
        return read, torch.zeros(n)
    more = longer.shape[2 + axis] - m if longer.dim() > 2 + axis else 0
    if not 0 < more < LONGER:
        return read, torch.zeros(n)
    return read, _seen(longer.narrow(2 + axis, m, more), leaf, axis)[:n]


def _alone(at: Sized, reader: int, source: int, axis: int, more: int) -> tuple[Tensor, Tensor]:
    """A layer by itself, on numbers of its own; `source` is `more` units longer."""
    node = at.graph.nodes[reader]
    shape = list(at._value(source).shape)
    shape[2 + axis] += more
    leaf = torch.ones(shape, dtype=torch.float64, requires_grad=True)
    inputs = [leaf if i == source else at._value(i).detach() for i in node.inputs]
    layer = _rolled if node.op.word == "roll" else LAYERS[node.op.word]
    return layer(_Alone(at), node.op, *inputs), leaf


class _Alone(Oracle):
    """Weights and padding for one layer, whose global reads are reads like any other."""

    def __init__(self, at: Sized) -> None:
        self.random, self.padding = at.random, at.padding

    def global_path(self, x: Tensor) -> Tensor:
        return x


def _seen(value: Tensor, leaf: Tensor, axis: int) -> Tensor:
    gradient = torch.autograd.grad(value.sum(), leaf, allow_unused=True)[0] if value.requires_grad else None
    rows = torch.zeros_like(leaf) if gradient is None else gradient
    return (rows != 0).movedim(2 + axis, 0).flatten(1).sum(1)


torch.set_num_threads(1)
