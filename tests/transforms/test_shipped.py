"""Every shipped network by every transform: refused, or a spec that reads as the network that was made."""

from __future__ import annotations

import pytest

from rfcalc.errors import RuleError
from rfcalc.graph import Graph
from rfcalc.language.files import shipped_files
from rfcalc.language.load import load_spec
from rfcalc.transforms import TRANSFORMS, apply
from rfcalc.transforms.text import spec_of


def stated(graph: Graph) -> list[tuple[object, ...]]:
    inputs = [tuple(sorted(node.inputs)) if node.op.commutative else node.inputs for node in graph.nodes]
    return [
        (node.name, node.op.word, node.shape, node.cost, sources, node.reads)
        for node, sources in zip(graph.nodes, inputs, strict=True)
    ]


LEAST = {
    "fully-convolutional": 18,
    "output-stride=8": 11,
    "output-stride=16": 10,
    "separable": 50,
    "bottleneck": 45,
    "subpixel": 6,
    "transposed": 3,
    "resize-conv": 8,
    "group-norm": 19,
    "fold-bn": 18,
}


def test_every_transform_is_here() -> None:
    assert {asked.split("=")[0] for asked in LEAST} == set(TRANSFORMS)


@pytest.mark.parametrize("asked", LEAST)
def test_each_is_refused_or_reads_as_it_was_made(asked: str) -> None:
    done = 0
    for name, path in shipped_files().items():
        text = path.read_text(encoding="utf-8")
        graph = load_spec(text, str(path))
        try:
            outcome = apply(graph, asked)
        except RuleError:
            continue
        done += 1
        again = load_spec(spec_of(name, [(asked, outcome)], text), "net.yaml")
        assert stated(again) == stated(outcome.graph), name
        assert outcome.changed
        assert outcome.equal or "not equ" in outcome.equivalence
    assert done >= LEAST[asked]
