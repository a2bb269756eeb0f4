"""An oracle for imported ONNX graphs: the reference evaluator of the onnx package runs the model (see changes.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from rfcalc.graph import Graph
from rfcalc.importers.onnx.load import load
from tests.importers.changes import claimed, read

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
    return read(lambda images: by(made, images), shape, [change, -change])


def agrees(
    made: onnx.ModelProto, shape: Sequence[int], folder: Path, change: float = 1e3, by: Run = run, **options: Any
) -> Graph:
    """Compares shapes and what every number of the output reads, borders included; `shape` is that of one image."""
    graph = imported(made, folder, **options)
    out, seen = measured(made, shape, change, by)
    node = graph.nodes[graph.outputs[0]]
    assert (node.shape.channels, *node.shape.size) == out
    assert np.array_equal(claimed(graph), seen)
    return graph
