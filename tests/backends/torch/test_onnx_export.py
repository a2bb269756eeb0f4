"""A network as an ONNX file: it computes what torch computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator

from rfcalc.backends.torch.build import random_inputs, to_torch
from rfcalc.backends.torch.onnx_export import onnx_bytes
from rfcalc.errors import SpecError
from rfcalc.graph import Builder
from rfcalc.importers import load
from rfcalc.layers.vocabulary.source import Input
from rfcalc.layers.words import make
from rfcalc.relations.shape import Shape
from tests.running import rfcalc


def test_onnx_computes_what_torch_computes(tiny: str, tmp_path: Path) -> None:
    path = tmp_path / "tiny.onnx"
    assert rfcalc("export", tiny, "--to", "onnx", "-o", str(path)).code == 0
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
