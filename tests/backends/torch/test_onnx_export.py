"""A network as an ONNX file: it computes what torch computes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator

from rfcalc.backends.torch.build import random_inputs, to_torch
from rfcalc.backends.torch.onnx_export import checked_by, onnx_bytes
from rfcalc.errors import SpecError
from rfcalc.graph import Builder
from rfcalc.importers import load
from rfcalc.layers.vocabulary.source import Input
from rfcalc.layers.words import make
from rfcalc.relations.shape import Shape
from tests.running import rfcalc


def test_onnx_computes_what_torch_computes(tiny: str, tmp_path: Path) -> None:
    path = tmp_path / "tiny.onnx"
    done = rfcalc("export", tiny, "--to", "onnx", "-o", str(path))
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines() == [f"wrote {path}", checked_by()]
    model = onnx.load(str(path))
    onnx.checker.check_model(model, full_check=True)
    graph = load(tiny)
    module = to_torch(graph, seed=0).eval()
    assert {"fc.weight", "fc.bias"} <= {tensor.name for tensor in model.graph.initializer}
    (x,) = random_inputs(graph, 2)
    with torch.no_grad():
        expected = module(x).numpy()
    (found,) = ReferenceEvaluator(model).run(None, {"input": x.numpy()})
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_onnx_names_inputs_and_outputs() -> None:
    builder = Builder("pair", "pair")
    left, right = (builder.add(name, Input(Shape(2, (6, 6)))) for name in ("left", "right"))
    a = builder.add("head.one", make("conv", out=3, kernel=3), [left])
    b = builder.add("both", make("concat"), [a, right])
    model = onnx.load_from_string(onnx_bytes(builder.graph([a, b])))
    assert [i.name for i in model.graph.input] == ["left", "right"]
    assert [o.name for o in model.graph.output] == ["head_one", "both"]


def test_onnx_needs_a_file_and_says_what_it_cannot_write(tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rfcalc("export", tiny, "--to", "onnx").code == 2
    assert rfcalc("export", tiny, "--to", "onnx", "-o", "-").code == 2
    assert "cannot write" in rfcalc("export", tiny, "--to", "onnx", "-o", str(tmp_path / "no" / "net.onnx")).err
    monkeypatch.setattr(torch.onnx, "export", lambda *args, **options: 1 / 0)
    with pytest.raises(SpecError, match="cannot be written as ONNX: division by zero"):
        onnx_bytes(load(tiny))


def test_convolutions_on_three_axes(tmp_path: Path) -> None:
    """Without a bias, and with all settings: as onnx's own reference computes them."""
    path = tmp_path / "volume.yaml"
    first = "{out: 5, k: [1, 3, 3], s: [1, 2, 1], p: [0, 1, 1], d: [1, 2, 1], bias: false}"
    path.write_text(f"input: 2x5x6x8\nlayers:\n  - conv: {first}\n  - bn\n  - conv: {{out: 10, k: 3, g: 5}}\n")
    graph = load(str(path))
    model = onnx.load_from_string(onnx_bytes(graph))
    assert [len(node.input) for node in model.graph.node if node.op_type == "Conv"] == [2, 3]
    (x,) = random_inputs(graph, 2)
    with torch.no_grad():
        expected = to_torch(graph, seed=0).eval()(x).numpy()
    (found,) = ReferenceEvaluator(model).run(None, {"input": x.numpy()})
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_attention_is_right_at_every_batch(tmp_path: Path) -> None:
    graph = load("lessons/attention", {"input": "3x224x224"})
    model = onnx.load_from_string(onnx_bytes(graph))
    module = to_torch(graph, seed=0).eval()
    session = ReferenceEvaluator(model)
    for batch in (2, 5):
        (x,) = random_inputs(graph, batch, seed=batch)
        with torch.no_grad():
            expected = module(x)
        for a, b in zip(expected, session.run(None, {"input": x.numpy()}), strict=True):
            np.testing.assert_allclose(b, a.numpy(), rtol=1e-3, atol=1e-4)


def altered(monkeypatch: pytest.MonkeyPatch, change: Callable[[onnx.ModelProto], None]) -> None:
    """Lets torch's exporter make a mistake."""
    exported = torch.onnx.export

    def wrong(*args: Any, **options: Any) -> Any:
        program = exported(*args, **options)
        model = program.model_proto
        change(model)
        return SimpleNamespace(model_proto=model)

    monkeypatch.setattr(torch.onnx, "export", wrong)


def weight(model: onnx.ModelProto) -> None:
    (tensor,) = [one for one in model.graph.initializer if one.name == "fc.bias"]
    tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor) + 1, "fc.bias"))


def attribute(model: onnx.ModelProto) -> None:
    conv = next(one for one in model.graph.node if one.op_type == "Conv")
    conv.attribute.append(onnx.helper.make_attribute("no_such", 1))


def batch(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2


@pytest.mark.parametrize(
    ("change", "message"), [(weight, "other numbers than torch"), (attribute, "not be valid"), (batch, "at a batch of 1")]
)
def test_a_file_that_is_wrong_is_not_kept(
    tiny: str, monkeypatch: pytest.MonkeyPatch, change: Callable[[onnx.ModelProto], None], message: str
) -> None:
    pytest.importorskip("onnxruntime")
    altered(monkeypatch, change)
    with pytest.raises(SpecError, match=message):
        onnx_bytes(load(tiny))


def test_weights_beyond_one_file(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rfcalc.backends.torch.onnx_export.TOO_LARGE", 1000)
    with pytest.raises(SpecError, match="2 GB"):
        onnx_bytes(load(tiny))


def test_without_onnxruntime_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "onnxruntime against torch" in checked_by()
    monkeypatch.setattr("rfcalc.backends.torch.onnx_export.find_spec", lambda name: None)
    assert "is not installed" in checked_by()
