"""What converters from TensorFlow write: positions before channels, with transposes around each convolution."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import NodeProto

import rfcalc
from rfcalc.graph import Graph
from tests.importers.onnx_oracle import imported, model, node, weights


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def network(last: bool) -> tuple[list[NodeProto], dict[str, Any]]:
    """A stem, a squeeze-and-excitation block, a head; with channels last (`last`), or the same with channels first."""
    stored = {
        "pads": ints(0, 1, 1, 0, 0, 1, 1, 0) if last else ints(0, 0, 1, 1, 0, 0, 1, 1),
        "mean": weights(3) if last else weights(3, 1, 1),
        "w1": weights(8, 3, 3, 3),
        "b1": weights(1, 8, 1, 1),
        "gain": weights(8) if last else weights(1, 8, 1, 1),
        "w2": weights(4, 8, 1, 1),
        "w3": weights(8, 4, 1, 1),
        "w4": weights(8, 10),
        "b4": weights(10),
    }
    back, front = {"perm": [0, 2, 3, 1]}, {"perm": [0, 3, 1, 2]}
    middle: list[NodeProto] = []

    def turned(name: str, new: str, how: dict[str, Any]) -> str:
        middle.append(node("Transpose" if last else "Identity", name, new, **(how if last else {})))
        return new

    middle.append(node("Pad", "x pads", "p"))
    middle.append(node("Sub", "p mean", "q"))
    middle.append(node("Conv", f"{turned('q', 't1', front)} w1", "c1", strides=[2, 2]))
    middle.append(node("Add", "c1 b1", "a1"))
    middle.append(node("Mul", f"{turned('a1', 't2', back)} gain", "m1"))
    middle.append(node("Relu", "m1", "r1"))
    pooled = turned("r1", "t3", front)
    middle.append(node("MaxPool", pooled, "p1", kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER"))
    squeezed = turned("p1", "t4", back)
    middle.append(node("ReduceMean", squeezed, "s1", axes=[1, 2] if last else [2, 3], keepdims=1))
    middle.append(node("Conv", f"{turned('s1', 't5', front)} w2", "c2"))
    middle.append(node("Relu", "c2", "r2"))
    middle.append(node("Conv", "r2 w3", "c3"))
    middle.append(node("Sigmoid", "c3", "g1"))
    middle.append(node("Mul", f"{turned('g1', 't6', back)} {squeezed}", "e1"))
    middle.append(node("ReduceMean", "e1", "h1", axes=[1, 2] if last else [2, 3], keepdims=0))
    middle.append(node("MatMul", "h1 w4", "h2"))
    middle.append(node("Add", "h2 b4", "h3"))
    middle.append(node("Softmax", "h3"))
    return middle, stored


def figures(graph: Graph) -> list[Any]:
    analysis = rfcalc.analyze(graph)
    return [
        (str(layer.node.shape), layer.macs, layer.params, layer.field.size, layer.field.start, layer.field.whole_input)
        for layer in analysis.layers
        if layer.macs or layer.params
    ]


@pytest.mark.parametrize("size", [(32, 32), (21, 30)])
def test_transposes_change_no_figure(tmp_path: Path, size: tuple[int, int]) -> None:
    last, first = (network(way) for way in (True, False))
    ours = imported(model(last[0], ["n", *size, 3], last[1]), tmp_path)
    same = imported(model(first[0], ["n", 3, *size], first[1]), tmp_path)
    assert figures(ours) == figures(same)
    assert {layer.op.word for layer in ours.layers}.isdisjoint({"rearrange", "unknown"})


def test_a_free_size_is_given_as_channels_first(tmp_path: Path) -> None:
    nodes, stored = network(True)
    graph = imported(model(nodes, ["n", None, None, 3], stored), tmp_path, overrides={"input": "3x24x40"})
    assert str(graph.nodes[0].shape) == "3x24x40"


def test_a_reader_of_the_inputs_shape_tells_nothing_about_its_axes(tmp_path: Path) -> None:
    nodes, stored = network(True)
    nodes[-1].output[0] = "z"
    more = [
        node("Shape", "x", "sizes"),
        node("Slice", "sizes zero one", "batch"),
        node("Concat", "batch ten", "shape", axis=0),
        node("Reshape", "z shape"),
    ]
    stored |= {"zero": ints(0), "one": ints(1), "ten": ints(10)}
    graph = imported(model([*nodes, *more], ["n", 24, 40, 3], stored), tmp_path)
    assert str(graph.nodes[0].shape) == "3x24x40"


QUANTIZED = {
    "QDQ": {"quant_format": "QDQ"},
    "QDQ of each channel": {"quant_format": "QDQ", "per_channel": True},
    "QDQ of 16 bits": {"quant_format": "QDQ", "activation_type": "QInt16", "extra_options": {"UseQDQContribOps": True}},
    "operators": {"quant_format": "QOperator"},
}


def floating() -> onnx.ModelProto:
    """Convolutions, a sum of paths, an activation, a linear layer."""
    nodes = [
        node("Conv", "x w1 b1", "c1", strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Relu", "c1", "r1"),
        node("Conv", "r1 w2 b2", "c2", pads=[1, 1, 1, 1], group=8),
        node("Sigmoid", "c2", "s1"),
        node("Add", "r1 s1", "a1"),
        node("Concat", "a1 r1", "j1", axis=1),
        node("GlobalAveragePool", "j1", "g1"),
        node("Flatten", "g1", "f1"),
        node("Gemm", "f1 w3 b3", transB=1),
    ]
    stored = {"w1": weights(8, 3, 3, 3), "b1": weights(8), "w2": weights(8, 1, 3, 3), "b2": weights(8)}
    stored |= {"w3": weights(5, 16), "b3": weights(5)}
    return model(nodes, ["n", 3, 16, 16], {name: value.astype(np.float32) for name, value in stored.items()}, kind=1)


@pytest.mark.parametrize("how", QUANTIZED)
def test_a_quantized_file_is_the_same_network(how: str, tmp_path: Path) -> None:
    """As onnxruntime's quantizer writes it; only scales and zero points come to it, which are kept and not learned."""
    quantization = pytest.importorskip("onnxruntime.quantization")
    made, rng = floating(), np.random.default_rng(0)
    (tmp_path / "float.onnx").write_bytes(made.SerializeToString())

    class Images(quantization.CalibrationDataReader):  # type: ignore[misc, name-defined]
        left = 2

        def get_next(self) -> dict[str, Any] | None:
            self.left -= 1
            return {"x": rng.standard_normal((1, 3, 16, 16)).astype(np.float32)} if self.left >= 0 else None

    words = {"quant_format": quantization.QuantFormat, "activation_type": quantization.QuantType}
    options = {key: words[key][value] if key in words else value for key, value in QUANTIZED[how].items()}
    quantization.quantize_static(str(tmp_path / "float.onnx"), str(tmp_path / "net.onnx"), Images(), **options)
    ours, same = rfcalc.analyze(str(tmp_path / "net.onnx")), rfcalc.analyze(str(tmp_path / "float.onnx"))
    assert (ours.params, ours.macs) == (same.params, same.macs)
    fields = [[layer.field.size for layer in each.layers if layer.macs] for each in (ours, same)]
    assert fields[0] == fields[1]
