"""An oracle for imported ONNX graphs: the reference evaluator of the onnx package runs the model on an image, and on copies of
it that differ in one number each. What changes in the output has read that number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from rfcalc.fields.backward import trace
from rfcalc.graph import Graph
from rfcalc.importers.onnx.load import load

DOUBLE = TensorProto.DOUBLE
Nodes = Sequence[Any]
Run = Callable[[onnx.ModelProto, np.ndarray], np.ndarray]


def weights(*shape: int, seed: int = 0) -> np.ndarray:
    """Positive numbers."""
    return np.random.default_rng(seed).uniform(0.5, 1.5, shape)


def model(
    nodes: Nodes,
    shape: Sequence[int | str | None],
    stored: dict[str, Any] | None = None,
    opset: int = 17,
    outputs: Sequence[str] = ("y",),
    domains: Sequence[str] = (),
    kind: int = DOUBLE,
) -> onnx.ModelProto:
    """A model of one input `x` of the given shape, batch first."""
    graph = helper.make_graph(
        list(nodes),
        "graph",
        [helper.make_tensor_value_info("x", kind, list(shape))],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (stored or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=min(10, 8 if opset < 20 else 10))


def node(op: str, inputs: str, outputs: str = "y", **attributes: Any) -> onnx.NodeProto:
    """A node; names are separated by spaces, and - leaves an input out."""
    names = ["" if name == "-" else name for name in inputs.split()]
    return helper.make_node(op, names, outputs.split(), **attributes)


def imported(made: onnx.ModelProto, folder: Path, **options: Any) -> Graph:
    """The graph of a model."""
    path = folder / "model.onnx"
    path.write_bytes(made.SerializeToString())
    return load(str(path), **options)


def run(made: onnx.ModelProto, images: np.ndarray) -> np.ndarray:
    """What the reference evaluator gives."""
    return np.asarray(ReferenceEvaluator(made).run(None, {"x": images})[0])


def measured(made: onnx.ModelProto, shape: Sequence[int], change: float, by: Run = run) -> tuple[tuple[int, ...], np.ndarray]:
    """The output's shape, and [output number, input position] True where the position is read (in any channel)."""
    image = np.random.default_rng(1).uniform(0.5, 1.5, shape)
    count = image.size
    batch = np.repeat(image[None], count + 1, 0)
    batch[np.arange(count), *np.unravel_index(np.arange(count), shape)] += change
    out = by(made, batch)
    changed = np.abs(out[:-1] - out[-1]) > 1e-9 * max(1.0, abs(change))
    read = changed.reshape(shape[0], count // shape[0], -1).any(0)
    return out.shape[1:], read.T


def claimed(graph: Graph) -> np.ndarray:
    """The same from the analysis."""
    target, source = graph.outputs[0], graph.inputs[0]
    shape, given = graph.nodes[target].shape, graph.nodes[source].shape
    found = np.zeros((shape.elements, given.positions), bool)
    for row, (channel, *unit) in enumerate(product(range(shape.channels), *map(range, shape.size))):
        for axes in trace(graph, target, unit, source, channel).products:
            positions = [[i for i in range(n) if bits >> i & 1] for bits, n in zip(axes, given.size, strict=True)]
            for spot in product(*positions):
                found[row, np.ravel_multi_index(spot, given.size) if given.size else 0] = True
    return found


def agrees(
    made: onnx.ModelProto, shape: Sequence[int], folder: Path, change: float = 1e3, by: Run = run, **options: Any
) -> Graph:
    """Compares shapes and what every number of the output reads, borders included; `shape` is that of one image."""
    graph = imported(made, folder, **options)
    out, read = measured(made, shape, change, by)
    node = graph.nodes[graph.outputs[0]]
    assert (node.shape.channels, *node.shape.size) == out
    assert np.array_equal(claimed(graph), read)
    return graph
