"""Every form of a network, and what is told of what is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import rfcalc
from rfcalc.api.sources import several

TEXT = "input: 3x32x32\nparams: {w: 8}\nlayers:\n  - {name: a, conv: {out: w, k: 3}}\n"
FLOW = "{input: 3x32x32, layers: [conv: {out: 4, k: 3}]}"
PAIR = """
inputs: {left: 3x8x8, right: 1x8x8}
layers:
  - {name: a, conv: {out: 4, k: 3}, from: left}
  - {concat: {}, from: [a, right]}
"""


def sizes(graph: Any) -> list[str]:
    return [str(graph.nodes[i].shape) for i in graph.inputs]


def test_a_text() -> None:
    assert sizes(rfcalc.loads(TEXT)) == sizes(rfcalc.load(TEXT)) == ["3x32x32"]
    assert rfcalc.loads(TEXT, w=16).nodes[-1].shape.channels == 16
    assert len(rfcalc.load(FLOW).layers) == 1
    with pytest.raises(TypeError, match="loads takes the text of a spec, not dict; load takes"):
        rfcalc.loads({})  # type: ignore[arg-type]


def test_a_path(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(TEXT)
    assert rfcalc.load(file).source == rfcalc.load(str(file)).source == str(file)
    with pytest.raises(rfcalc.SpecError, match="folder"):
        rfcalc.load(tmp_path)


def test_a_size() -> None:
    assert sizes(rfcalc.load("resnet18", 64)) == ["3x64x64"]
    assert sizes(rfcalc.load("resnet18", torch.zeros(1, 3, 64, 96))) == ["3x64x96"]
    assert sizes(rfcalc.load(PAIR, 16)) == ["3x16x16", "1x16x16"]
    assert sizes(rfcalc.load(PAIR, {"right": (1, 8, 8), "left": (3, 8, 8)})) == ["3x8x8", "1x8x8"]


def test_a_size_is_looked_at_and_an_override_makes_another_network() -> None:
    with pytest.raises(rfcalc.SpecError) as found:
        rfcalc.load("vgg16", (1, 224, 224))
    assert 'overrides={"input": "1x224x224"} makes it another network' in str(found.value)
    assert "command line" not in str(found.value)
    assert sizes(rfcalc.load("vgg16", overrides={"input": "1x224x224"})) == ["1x224x224"]


def test_overrides_of_layers() -> None:
    graph = rfcalc.load("resnet18", overrides={"layer4.*.conv2.dilation": 2})
    assert [node.op.dilation for node in graph.layers if node.name == "layer4.1.conv2"] == [2]  # type: ignore[attr-defined]


def test_an_exported_program() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    program = torch.export.export(module, (torch.zeros(1, 3, 8, 8),))
    analysis = rfcalc.analyze(program)
    assert (analysis.params, analysis.outputs[0].field.size) == (3 * 4 * 9 + 4, (3, 3))
    with pytest.raises(TypeError, match="fixed"):
        rfcalc.analyze(program, (3, 16, 16))


def test_declared_layers() -> None:
    graph = rfcalc.load(nn.Sequential(nn.Conv2d(3, 4, 3), Odd()), (3, 8, 8), declare=[f"{Odd.__module__}.Odd=pointwise"])
    assert not any(graph.bounds)


class Odd(nn.Module):
    """A layer that nobody knows."""

    def forward(self, x: Any) -> Any:
        return torch.linalg.inv(x)


@pytest.mark.parametrize(
    ("wrong", "instead"),
    [
        (nn.Linear, "not the class Linear; call it: Linear()"),
        (len, "call it: len()"),
        (["a", "b"], "compare takes several"),
        (b"input: 3", "decode it"),
        (3, "not int"),
    ],
)
def test_what_is_no_network(wrong: Any, instead: str) -> None:
    with pytest.raises(TypeError) as found:
        rfcalc.load(wrong)
    assert str(found.value).startswith("rfcalc takes a file's or network's name")
    assert instead in str(found.value)


def test_a_graph_is_made_already() -> None:
    analysis = rfcalc.analyze("espcn")
    assert rfcalc.load(analysis) is rfcalc.load(analysis.graph) is analysis.graph
    with pytest.raises(TypeError, match="made already"):
        rfcalc.analyze(analysis.graph, (3, 8, 8))


def test_arguments_that_a_file_does_not_take(tmp_path: Path) -> None:
    with pytest.raises(rfcalc.SpecError, match=r'no param "dept"[\s\S]*did you mean "depth"'):
        rfcalc.load("resnet50", dept=101)
    with pytest.raises(rfcalc.SpecError, match=r"rfcalc\.loads takes the text of a spec"):
        rfcalc.load("input: 3x8x8")


def test_several(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(TEXT)
    assert several(["resnet18", {"input": "3x8x8"}]) == ["resnet18", {"input": "3x8x8"}]
    assert [Path(str(each)).name for each in several(tmp_path)] == ["a.yaml", "b.yaml"]
    assert [Path(str(each)).name for each in several((str(tmp_path / "*.yaml"), TEXT))][:2] == ["a.yaml", "b.yaml"]
    with pytest.raises(rfcalc.SpecError, match="no file matches"):
        several(str(tmp_path / "*.yml"))
