"""Unproductive layers: those that widen a receptive field which is already larger than the image.

Richter, Schoening, Wiedenroth, Krumnack: "Should You Go Deeper? Optimizing Convolutional Neural Network Architectures without
Training by Receptive Field Analysis", 2021: a layer whose input already sees more than the image adds no new context.
"""

from __future__ import annotations

from collections.abc import Sequence

from rfcalc.graph import Graph, Node

Sizes = Sequence[tuple[int, ...] | None]


def unproductive(graph: Graph, smallest: Sizes, image: tuple[int, ...]) -> set[int]:
    """Indices of the unproductive layers. `smallest`: for each node the box of a unit, the smallest over the phases, None
    where every path is global. Only layers that widen the field count, and only where each axis is exceeded."""
    wasted = set()
    for i, node in enumerate(graph.nodes):
        if image and widens(node):
            sources = [smallest[node.inputs[read.source]] for read in node.reads]
            if all(size is not None and all(n > m for n, m in zip(size, image, strict=True)) for size in sources):
                wasted.add(i)
    return wasted


def widens(node: Node) -> bool:
    """True if some unit reads several positions of a window."""
    return any(
        reach is not None and any(len(taps) > 1 for taps in reach.taps)
        for read in node.reads
        if read.local
        for reach in read.axes
    )
