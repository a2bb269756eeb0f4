"""`weights`: a layer or a block with the weights of another one."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from rfcalc.backends.torch.build import random_inputs, to_torch
from rfcalc.backends.torch.source import module_paths
from rfcalc.converting import convert
from rfcalc.errors import SpecError
from rfcalc.graph import Graph
from rfcalc.language.load import load_spec
from rfcalc.language.writer import expanded

LAYERS = """\
input: 3x32x32
layers:
  - {name: stem, conv: {out: 8, k: 3, s: 2}}
  - {name: a, conv: {out: 8, k: 3, norm: bn, act: prelu}}
  - {name: b, conv: {out: 8, k: 3, norm: bn, act: prelu}, weights: a}
  - {name: c, maxpool: 2}
  - {name: d, conv: {out: 8, k: 3, s: 2}, weights: stem, from: input}
"""
BLOCKS = """\
input: 8x32x32
blocks:
  inner: {layers: [{name: x, conv: {out: 8, k: 1}}]}
  head:
    layers:
      - {name: a, conv: {out: 8, k: 3, norm: bn, act: relu}}
      - {name: again, conv: {out: 8, k: 3, norm: bn, act: relu}, weights: a}
      - residual: {main: [{name: i, inner: {}}]}
layers:
  - {name: p3, head: {}}
  - {name: down, maxpool: 2, from: input}
  - {name: p4, head: {}, weights: p3}
  - {name: few, repeat: 2, inner: {}, weights: p3.i}
outputs: [p3, few]
"""


def owners(graph: Graph) -> dict[str, str]:
    return {node.name: graph.nodes[node.weights].name for node in graph.nodes if node.weights is not None}


def proven(graph: Graph) -> None:
    """Parameters once, MACs each time, both as torch has them; the weights are one tensor."""
    module = to_torch(graph, device="meta")
    with FlopCounterMode(display=False) as counter:
        module(*random_inputs(graph, device="meta"))
    assert sum(node.cost.params for node in graph.nodes) == sum(tensor.numel() for tensor in module.parameters())
    assert sum(node.cost.buffers for node in graph.nodes) == sum(tensor.numel() for tensor in module.buffers())
    assert 2 * sum(node.cost.macs for node in graph.nodes) == counter.get_total_flops()
    paths = module_paths(graph)
    assert all(paths[i] == paths[node.weights] for i, node in enumerate(graph.nodes) if node.weights is not None)


def test_a_line_with_its_norm_and_activation() -> None:
    graph = load_spec(LAYERS, "x.yaml")
    assert owners(graph) == {"b": "a", "b_bn": "a_bn", "b_prelu": "a_prelu", "d": "stem"}
    proven(graph)


def test_a_block_with_what_is_in_it() -> None:
    graph = load_spec(BLOCKS, "x.yaml")
    found = owners(graph)
    assert found["p3.again"] == found["p4.again"] == found["p4.a"] == "p3.a"
    assert found["p4.i.x"] == found["few.0.x"] == found["few.1.x"] == "p3.i.x"
    assert found["p4.again_bn"] == "p3.a_bn"
    proven(graph)


@pytest.mark.parametrize("text", [LAYERS, BLOCKS])
def test_it_is_written_again(text: str) -> None:
    graph = load_spec(text, "x.yaml")
    for again in (expanded(graph), convert(graph)):
        assert "counts" not in again
        assert owners(load_spec(again, "y.yaml")) == owners(graph)


def test_weights_that_are_trained_once() -> None:
    graph = load_spec(LAYERS, "x.yaml")
    module = to_torch(graph, seed=0).eval()
    keys = [key for key in module.state_dict() if key.endswith("weight")]
    assert keys == ["stem.weight", "a.weight", "a_bn.weight", "a_prelu.weight"]
    before = module(*random_inputs(graph))
    with torch.no_grad():
        module.get_parameter("stem.weight").mul_(2)
    assert not torch.equal(before, module(*random_inputs(graph)))


HEAD = "input: 4x8x8\nblocks: {two: {layers: [{name: k, conv: {out: 4, k: 1}}]}, one: {layers: [relu]}}\nlayers:\n"
HEAD += "  - {name: tower, conv: {out: 4, k: 3, act: relu}}\n"


@pytest.mark.parametrize(
    ("lines", "message", "hint"),
    [
        ("{conv: {out: 4, k: 3}, weights: towr}", 'there is no layer "towr"', 'did you mean "tower"?'),
        ("{name: t, conv: {out: 4, k: 3}, weights: t}", '"t" is defined later: a layer reads only layers above it', ""),
        ("{name: t, conv: {out: 8, k: 3}, weights: tower}", 'weights of "t": its out is 8, that of "tower" 4', ""),
        ("{name: t, dwconv: {k: 3}, weights: tower}", 'weights of "t": "tower" is conv, not dwconv', ""),
        ("{name: t, relu: {}, weights: tower}", 'weights of "t": relu has no weights', ""),
        (
            "{name: t, conv: {out: 4, k: 3, norm: bn}, weights: tower}",
            'weights of "t": "tower" has no bn of its own',
            "",
        ),
        (
            "{name: w, conv: {out: 6, k: 1}}, {name: t, conv: {out: 4, k: 3, act: relu}, weights: tower}",
            'weights of "t": its weights for 6x8x8 are not those of "tower" for 4x8x8',
            "",
        ),
        (
            "{name: t, conv: {out: 4, k: 3}, weights: tower}, {name: u, conv: {out: 4, k: 3}, weights: t}",
            'weights of "u": "t" uses the weights of "tower" itself: name that one',
            "",
        ),
        ("{name: b, two: {}}, {name: t, conv: {out: 4, k: 1}, weights: b}", '"b" is a block, and this is conv', ""),
        ("{name: t, two: {}, weights: tower}", '"tower" is no block, and this is a block two', ""),
        ("{name: b, one: {}}, {name: t, two: {}, weights: b}", '"b" is a block one, and this is a block two', ""),
        (
            "{name: r, repeat: 2, conv: {out: 4, k: 1}}, {name: t, conv: {out: 4, k: 1}, weights: r}",
            '"r" is repeated: name one of its turns, such as r.0',
            "",
        ),
        ("{name: t, conv: {out: 4, k: 3}, weights: 3}", "weights takes the name of a layer, not 3", ""),
        ("{residual: {main: [tanh]}, weights: tower}", "weights go with a layer or a block, not with residual", ""),
        ("{conv: {out: 4, k: 3}, counts: {params: 1}, weights: tower}", "counts and weights exclude each other", ""),
    ],
)
def test_mistakes(lines: str, message: str, hint: str) -> None:
    text = HEAD + "".join(f"  - {{{line.strip('{')}\n" for line in lines.replace("}, {name", "}|{name").split("|"))
    with pytest.raises(SpecError) as caught:
        load_spec(text, "x.yaml")
    (problem,) = caught.value.problems
    assert problem.message.endswith(message)
    assert hint in problem.hint
    assert problem.span is not None
    assert problem.span.line == text.count("\n")
