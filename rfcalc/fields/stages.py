"""Runs of nodes that see the rest of a graph through one node: what a stage computes is a function of what enters it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rfcalc.graph import Graph

LONG = 24  # nodes of a stage from which on it is worth looking for shorter ones in it


def stages(graph: Graph) -> list[range]:
    """The graph's nodes in order as stages: nodes of the second and later places of a stage, and the first, read nothing from
    before it but the node just before. A node that reads further back, or nothing, is a stage alone. A stage ends where sizes
    change, so that on many sizes of the image few of them enter it."""
    nodes = graph.nodes
    far = [min(node.inputs, default=-1) for node in nodes]
    found = [range(i, i + 1) for i in range(len(nodes)) if i == 0 or far[i] < 0]
    starts = [part.start for part in found] + [len(nodes)]
    for start, stop in zip(starts, starts[1:], strict=False):
        found += _merged(graph, _split(far, start, stop - 1))
    return sorted(found, key=lambda part: part.start)


def _split(far: Sequence[int], entry: int, last: int) -> Iterator[range]:
    """The nodes after `entry`, to `last`, as the shortest stages; long ones are split once more, but for their last node."""
    cuts, least = [last], last
    for i in range(last, entry, -1):
        least = min(least, far[i])
        if least >= i - 1:
            cuts.append(i - 1)
    if entry == last:
        return
    reach = min(far[entry + 1 : last + 1])
    cuts = sorted({max(entry, cut) for cut in cuts} | {entry}) if reach >= entry else [entry, last]
    for a, b in zip(cuts, cuts[1:], strict=False):
        if b - a <= LONG and min(far[a + 1 : b + 1]) >= a:
            yield range(a + 1, b + 1)
        else:
            yield from _split(far, a, b - 1)
            yield range(b, b + 1)


def _merged(graph: Graph, parts: Iterator[range]) -> list[range]:
    """Neighbouring stages through which the size stays the same are one."""
    found: list[range] = []
    plain = False  # whether the last of them is one that the next may join
    for part in parts:
        joins = _keeps(graph, part) and _single(graph, part)
        if plain and joins:
            found[-1] = range(found[-1].start, part.stop)
        else:
            found.append(part)
        plain = joins
    return found


def _single(graph: Graph, part: range) -> bool:
    """Whether a stage reads nothing from before it but the node just before."""
    return all(min(graph.nodes[i].inputs, default=-1) >= part.start - 1 for i in part)


def _keeps(graph: Graph, part: range) -> bool:
    nodes = graph.nodes
    return nodes[part.start - 1].shape.size == nodes[part.stop - 1].shape.size
