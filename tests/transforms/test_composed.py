"""Transforms one after the other: a classifier becomes a dense predictor, equal to itself where both have a unit."""

from __future__ import annotations

import torch

from rfcalc.analyses.network import analyze
from rfcalc.language.load import load_spec
from rfcalc.transforms import apply
from rfcalc.transforms.text import spec_of
from tests.transforms.networks import close, net, run, shipped, weights
from tests.transforms.test_fully_convolutional import enlarged, mapped
from tests.transforms.test_layers import folded
from tests.transforms.test_output_stride import holds

CLASSIFIER = """\
input: 3x24x24
layers:
  - {name: c1, conv: {out: 6, k: 3, s: 2, norm: bn, act: relu}}
  - {name: p1, maxpool: {k: 3, s: 2, p: 1}}
  - {name: c2, conv: {out: 8, k: 3, norm: bn, act: relu}}
  - {name: p2, maxpool: 2}
  - flatten
  - {name: fc1, linear: {out: 20, act: relu}}
  - {name: fc2, linear: 5}
"""


def test_dense_prediction_holds_the_classifier_s_outputs() -> None:
    """Unit 0 of the dense map at the original size is the classifier's output; on a larger image, each r-th unit is the
    output of the fully convolutional form."""
    graph = net(CLASSIFIER)
    first = apply(graph, "fully-convolutional").graph
    dense = apply(first, "output-stride=2").graph
    state = weights(graph)
    moved = mapped(graph, first, state)
    before, after = run(graph, state)["fc2"], run(dense, moved)["fc2"]
    assert close(before, after[:, :, 0, 0])
    image = torch.randn(1, 3, 40, 52, dtype=torch.float64)
    coarse = run(enlarged(first, (40, 52)), moved, (image,))["fc2"]
    fine = run(enlarged(dense, (40, 52)), moved, (image,))["fc2"]
    assert min(coarse.shape[2:]) > 1
    assert close(coarse, fine[:, :, ::4, ::4])


def test_folded_behind_the_others() -> None:
    graph = net(CLASSIFIER)
    dense = apply(apply(graph, "fully-convolutional").graph, "output-stride=2").graph
    last = apply(dense, "fold-bn").graph
    state = weights(dense)
    assert close(run(dense, state)["fc2"], run(last, folded(dense, last, state))["fc2"])


def test_a_shipped_network_at_another_size() -> None:
    first = enlarged(apply(shipped("resnet18"), "fully-convolutional").graph, (225, 194))
    holds(first, 8, until="avgpool")


def test_a_size_that_is_no_multiple() -> None:
    """The classifier's average over the whole map stays one over the whole map."""
    first = apply(shipped("resnet18", input="3x200x193"), "fully-convolutional").graph
    new = apply(first, "output-stride=8").graph
    assert new.nodes[new.by_name["avgpool"]].op.kernel == 25  # type: ignore[attr-defined]
    assert new.nodes[new.outputs[0]].shape.size == (1, 1)


def test_the_written_composition_is_analysed_at_any_size() -> None:
    graph = shipped("resnet50")
    steps, now = [], graph
    for asked in ("fully-convolutional", "output-stride=8"):
        steps.append((asked, apply(now, asked)))
        now = steps[-1][1].graph
    text = spec_of("resnet50", steps)
    assert load_spec(text, "net.yaml").by_name.keys() == graph.by_name.keys()
    assert sum(node.cost.macs for node in load_spec(text, "net.yaml").nodes) == 19_079_364_608
    larger = load_spec(text, "net.yaml", {"input": "3x321x257"})
    assert analyze(larger).outputs[0].field.size == (643, 643)
    assert larger.nodes[larger.outputs[0]].shape.size == (
        41 - 27,
        33 - 27,
    )  # maps of stride 8, and the classifier's 28x28 average
