"""The map of a unit's effective receptive field under random weights, over all axes at once: exact at merges too, where the
map is no product of its marginals. Conventions: see fields/energy.py. Needs numpy, which is imported when a map is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rfcalc.errors import RuleError, fail
from rfcalc.fields.energy import Kernel, factor, spread
from rfcalc.graph import Graph
from rfcalc.record import record

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

MOST_CELLS = 1 << 26


@record(eq=False)
class EnergyMap:
    """`start`: the first pixel per axis (negative: in the padding); `energy`: the share of each pixel, sum 1."""

    start: tuple[int, ...]
    energy: Array

    @property
    def rows(self) -> list[list[float]]:
        """The map on the last two axes, the others projected; a single axis is one row."""
        flat = self.energy.sum(tuple(range(self.energy.ndim - 2))) if self.energy.ndim > 2 else self.energy
        return flat.reshape(-1, flat.shape[-1]).tolist()


Patch = tuple[tuple[int, ...], "Array"]


def energy_map(graph: Graph, target: int, source: int, unit: Sequence[int]) -> EnergyMap | None:
    """Where the energy of a unit's gradient lies, far from every border; None where nothing local is read. Raises RuleError
    for a map too large to hold."""
    import numpy as np

    rank = graph.nodes[source].shape.rank
    patches: list[Patch | None] = [None] * (target + 1)
    patches[target] = (tuple(unit), np.ones((1,) * rank))
    for i in range(target, source, -1):
        patch, node = patches[i], graph.nodes[i]
        patches[i] = None
        for read in node.reads if patch else ():
            kernels = spread(node, read, rank)
            if kernels is None or patch is None:
                continue
            j, moved = node.inputs[read.source], _pulled(patch, kernels)
            if moved is not None:
                patches[j] = _sum(patches[j], (moved[0], factor(node, read) * moved[1]))
    of_input = patches[source]
    if of_input is None or not of_input[1].sum():
        return None
    return EnergyMap(of_input[0], of_input[1] / of_input[1].sum())


def map_of(graph: Graph, target: int | None, unit: Sequence[int]) -> EnergyMap:
    """The map on the first input; raises SpecError where there is none, as for no target."""
    try:
        drawn = None if target is None else energy_map(graph, target, graph.inputs[0], unit)
    except RuleError as error:
        raise fail("E202", f"{graph.name}: {error}") from None
    if drawn is None:
        raise fail("E202", f"{graph.name}: no selected layer has a receptive field without a global layer")
    return drawn


def _pulled(patch: Patch, kernels: Sequence[Kernel]) -> Patch | None:
    """The energy that the units of a layer's input receive, axis by axis."""
    start, energy = list(patch[0]), patch[1]
    for axis, kernel in enumerate(kernels):
        if kernel.still:
            continue
        moved = _along(start[axis], energy, kernel, axis)
        if moved is None:
            return None
        start[axis], energy = moved
    return tuple(start), energy


def _along(start: int, energy: Array, kernel: Kernel, axis: int) -> tuple[int, Array] | None:
    import numpy as np

    units = energy.shape[axis]
    placed = []
    for phase, taps in enumerate(kernel.taps):
        first = (phase - start) % kernel.period
        if taps and first < units:
            base, count = (start + first) // kernel.period * kernel.advance, len(range(first, units, kernel.period))
            placed += [(first, base + tap, base + tap + (count - 1) * kernel.advance, share) for tap, share in taps]
    if not placed:
        return None
    low, high = min(entry[1] for entry in placed), max(entry[2] for entry in placed)
    shape = (*energy.shape[:axis], high - low + 1, *energy.shape[axis + 1 :])
    if np.prod(shape, dtype=float) > MOST_CELLS:
        raise RuleError(f"the map of {'x'.join(map(str, shape))} pixels is too large")
    spread_out = np.zeros(shape)
    source, sink = np.moveaxis(energy, axis, 0), np.moveaxis(spread_out, axis, 0)
    for first, a, b, share in placed:
        step = kernel.advance if b > a else 1
        sink[a - low : b - low + 1 : step] += share * source[first :: kernel.period]
    return low, spread_out


def _sum(a: Patch | None, b: Patch) -> Patch:
    import numpy as np

    if a is None:
        return b
    start = tuple(map(min, a[0], b[0]))
    ends = [max(p[0][k] + p[1].shape[k] for p in (a, b)) for k in range(len(start))]
    total = np.zeros([end - first for end, first in zip(ends, start, strict=True)])
    for origin, energy in (a, b):
        place = tuple(slice(o - s, o - s + n) for o, s, n in zip(origin, start, energy.shape, strict=True))
        total[place] += energy
    return start, total
