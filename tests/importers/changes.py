"""An oracle for imported programs: a program runs on images and on copies of them that differ in one number each. What changes
in the output has read that number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from rfcalc.fields.backward import trace
from rfcalc.graph import Graph

Run = Callable[[np.ndarray], np.ndarray]


def read(run: Run, shape: Sequence[int], changes: Sequence[float], seed: int = 1) -> tuple[tuple[int, ...], np.ndarray]:
    """The output's shape, and [output number, input position] True where the position is read (in any channel), seen by any of
    the changes. `run` takes a batch of images of the given shape (channels, sizes)."""
    image = np.random.default_rng(seed).uniform(0.5, 1.5, shape)
    count, found = image.size, []
    for change in changes:
        batch = np.repeat(image[None], count + 1, 0)
        batch[np.arange(count), *np.unravel_index(np.arange(count), shape)] += change
        out = run(batch)
        found.append(np.abs(out[:-1] - out[-1]) > 1e-9 * max(1.0, abs(change)))
    changed = np.any(found, 0)
    return out.shape[1:], changed.reshape(shape[0], count // shape[0], -1).any(0).T


def claimed(graph: Graph, target: int | None = None) -> np.ndarray:
    """The same from the analysis, of an output or another layer."""
    target, source = graph.outputs[0] if target is None else target, graph.inputs[0]
    shape, given = graph.nodes[target].shape, graph.nodes[source].shape
    found = np.zeros((shape.elements, given.positions), bool)
    for row, (channel, *unit) in enumerate(product(range(shape.channels), *map(range, shape.size))):
        for axes in trace(graph, target, unit, source, channel).products:
            positions = [[i for i in range(n) if bits >> i & 1] for bits, n in zip(axes, given.size, strict=True)]
            for spot in product(*positions):
                found[row, np.ravel_multi_index(spot, given.size) if given.size else 0] = True
    return found
