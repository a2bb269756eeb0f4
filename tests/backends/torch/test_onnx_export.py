from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator

from rfcalc.backends.pictures.diagram import diagram, dot, mermaid
from rfcalc.backends.torch.build import random_inputs, to_torch
from rfcalc.backends.torch.onnx_export import onnx_bytes
from rfcalc.errors import SpecError
from rfcalc.graph import Builder
from rfcalc.importers import load
from rfcalc.layers.vocabulary.source import Input
from rfcalc.layers.words import make
from rfcalc.relations.shape import Shape
from tests.nets import Net
from tests.running import rfcalc


@pytest.mark.parametrize("form", ["torch", "dot", "mermaid", "yaml"])
def test_text_to_the_screen_and_to_a_file(tiny: str, tmp_path: Path, form: str) -> None:
    run = rfcalc("export", tiny, "--to", form)
    path = tmp_path / f"net.{form}"
    assert rfcalc("export", tiny, "--to", form, "-o", str(path)).code == run.code == 0
    assert path.read_text() == run.out
    assert "stem" in run.out


def test_the_yaml_is_a_spec_of_the_same_network(tiny: str, tmp_path: Path) -> None:
    path = tmp_path / "full.yaml"
    rfcalc("export", tiny, "--to", "yaml", "-o", str(path))
    one, two = load(tiny), load(str(path))
    assert [(n.op, n.shape) for n in one.layers] == [(n.op, n.shape) for n in two.layers]


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


def test_a_layer_with_its_norm_and_activation_is_one_box(tiny: str) -> None:
    found = diagram(load(tiny))
    boxes = [box.lines for box in found.boxes]
    assert boxes[1] == ("stem", "conv 3x3 + bn + relu", "8x12x12")
    assert [box.name for box in found.boxes] == ["input", "stem", "a", "b", "add", "pool", "gap", "fc"]
    assert found.arrows == [(0, 1), (1, 2), (2, 3), (3, 4), (1, 4), (4, 5), (5, 6), (6, 7)]
    assert [box.end for box in found.boxes] == [True, *[False] * 6, True]


def test_blocks_are_frames() -> None:
    graph = load("resnet18")
    for text, frame in ((dot(graph), r"subgraph \S+ \{"), (mermaid(graph), r"subgraph \S+\[")):
        assert len(re.findall(frame, text)) == 4 + 8
        assert len(re.findall(r"^ *n\d+ ?\[", text, re.M)) == len(diagram(graph).boxes)
        assert len(re.findall(r"^ *n\d+ --?> n\d+", text, re.M)) == len(diagram(graph).arrows)


def test_names_cannot_break_out_of_their_boxes() -> None:
    net = Net(1, (4, 4))
    net("relu", name='a"]; n9 --> n0 <b>#`\\')
    graph = net.graph()
    line = next(line for line in dot(graph).split("\n") if line.strip().startswith("n1 [label="))
    assert re.fullmatch(r' *n1 \[label="(?:[^"\\]|\\.)*", style=filled\];', line)
    line = next(line for line in mermaid(graph).split("\n") if line.strip().startswith("n1["))
    assert re.fullmatch(r' *n1\["[^"]*"\]', line)
    assert "<b>" not in line


def test_bad_input(tiny: str, tmp_path: Path) -> None:
    run = rfcalc("export", tiny, "--to", "pdf")
    assert (run.code, run.out) == (2, "")
    assert rfcalc("export", tiny).code == 2
    assert rfcalc("export", tiny, "--to", "dot", "-o", str(tmp_path / "no" / "x")).code == 2
