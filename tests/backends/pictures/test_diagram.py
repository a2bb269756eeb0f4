"""Diagrams: boxes, frames, arrows, and names that hold what they like."""

from __future__ import annotations

import re

from rfcalc.backends.pictures.diagram import diagram, dot, mermaid
from rfcalc.importers import load
from tests.nets import Net


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
