"""A network as an ensemble of paths (Veit, Wilber, Belongie: "Residual Networks Behave Like Ensembles of Relatively Shallow
Networks", 2016): how many there are, how many weighted layers they pass, and how much of the input each of them sees.

A path leads from the input to a layer along what the layers read. Wherever a layer reads several others (a sum, a
concatenation, a gate) it is a choice: a residual block has two paths, its body and its skip, with or without a projection.
Its length is the number of layers with multiply-accumulates that it passes. Its field on an axis is the box that one unit
sees by this path alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from rfcalc.errors import RuleError
from rfcalc.graph import Graph, Node
from rfcalc.record import record
from rfcalc.relations.geometry import IDENTITY, Reach
from rfcalc.relations.read import Read

MOST_STATES = 2_000_000
Ends = tuple[int, int]


@record
class _Move:
    """How a layer reads one axis of an input; `phase` restricts it to units i with i % phase[0] == phase[1]."""

    reach: Reach
    phase: tuple[int, int]

    def taps(self, unit: int) -> Sequence[int]:
        """What one unit reads."""
        return self.reach.at(unit) if unit % self.phase[0] == self.phase[1] else ()


@record
class PathCounts:
    """`lengths`: number of paths by their length. Counted exactly, in whole numbers."""

    lengths: dict[int, int]

    @property
    def count(self) -> int:
        """How many paths there are."""
        return sum(self.lengths.values())


@record
class PathFields:
    """`fields`: number of paths by the box that unit `unit` sees on one axis, in pixels. `nothing`: paths on which it reads
    no unit. `whole`: paths through a global layer, which see the whole input. `bound`: on some path the boxes may be too
    large, because a layer's units do not read in order (a transposed convolution that leaves units out)."""

    axis: int
    unit: int
    fields: dict[int, int]
    nothing: int
    whole: int
    bound: bool


def sources(node: Node) -> list[int]:
    """The nodes that a layer reads, each once."""
    if len(node.inputs) == 1:
        return list(node.inputs)
    return list(dict.fromkeys(node.inputs[read.source] for read in node.reads))


def count_paths(graph: Graph, target: int, source: int) -> list[int]:
    """How many paths lead from node `source` to each node up to `target`."""
    counts = [0] * (target + 1)
    counts[source] = 1
    for i in range(source + 1, target + 1):
        for j in sources(graph.nodes[i]):
            counts[i] += counts[j]
    return counts


def path_lengths(graph: Graph, target: int, source: int) -> PathCounts:
    """The distribution of the paths' lengths: a fold with polynomials, whose coefficients are packed into one int."""
    width = count_paths(graph, target, source)[target].bit_length() + 1
    counts = [0] * (target + 1)
    counts[source] = 1
    for i in range(source + 1, target + 1):
        node = graph.nodes[i]
        total = 0
        for j in sources(node):
            total += counts[j]
        counts[i] = total << width if total and node.cost.macs else total
    return PathCounts(_unpacked(counts[target], width))


def _unpacked(packed: int, width: int) -> dict[int, int]:
    counts, mask, degree = {}, (1 << width) - 1, 0
    while packed:
        if count := packed & mask:
            counts[degree] = count
        packed >>= width
        degree += 1
    return counts


def path_fields(graph: Graph, target: int, source: int, axis: int, unit: int) -> PathFields:
    """The distribution of the paths' boxes on one axis, followed from a unit of node `target` to the input: the two ends of a
    box move by themselves from layer to layer. Raises RuleError where there are too many different boxes."""
    counts = count_paths(graph, target, source)
    states: list[dict[Ends, int]] = [{} for _ in range(target + 1)]
    states[target][unit, unit] = 1
    nothing, whole, bound, kept = 0, 0, False, 0
    for i in range(target, source, -1):
        node, here = graph.nodes[i], states[i]
        for j in sources(node) if here else ():
            if not counts[j]:
                continue
            moves = [_move(read, axis) for read in node.reads if node.inputs[read.source] == j]
            if not all(moves):
                whole += counts[j] * sum(here.values())
                continue
            bound = bound or not all(move.reach.monotone for move in moves if move)
            there = states[j]
            for ends, count in here.items():
                if (moved := _moved(ends, moves)) is None:
                    nothing += counts[j] * count
                else:
                    there[moved] = there.get(moved, 0) + count
            kept += len(there)
        if kept > MOST_STATES:
            raise RuleError(f"the paths to {graph.nodes[target].name} see too many different boxes to count")
        states[i] = {}
    sizes: dict[int, int] = {}
    for (a, b), count in states[source].items():
        sizes[b - a + 1] = sizes.get(b - a + 1, 0) + count
    return PathFields(axis, unit, dict(sorted(sizes.items())), nothing, whole, bound)


def _move(read: Read, axis: int) -> _Move | None:
    """None where the read is global."""
    reach = read.axes[axis] if read.axes else IDENTITY
    return _Move(reach, read.phases[axis] if read.phases else (1, 0)) if reach is not None and read.local else None


def _moved(ends: Ends, moves: Sequence[_Move | None]) -> Ends | None:
    """The box that the units of a box read; None if they read nothing."""
    taps: list[int] = []
    for move in moves:
        if move is None:
            continue
        units = dict.fromkeys(ends) if move.reach.monotone else range(ends[0], ends[1] + 1)
        for unit in units:
            reads = move.taps(unit)
            taps += [reads[0], reads[-1]] if len(reads) else []
    return (min(taps), max(taps)) if taps else None
