"""Where a layer reads very many parts, their boxes are joined: a bound that contains the exact box, and says so."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings

from rfcalc.analyses.network import analyze
from rfcalc.analyses.receptive_field import Fields
from rfcalc.fields import forward
from rfcalc.fields.backward import trace
from rfcalc.fields.forward import clipped, hull, supports
from rfcalc.graph import Graph
from rfcalc.language.load import load_spec
from rfcalc.reports.parts.contract import layers_data
from tests.nets import Net
from tests.oracle.graphs import recipes
from tests.oracle.recipes import Recipe, build

PARTS = ("only", "reorg", "spacetodepth", "depthtospace", "rearrange", "slice", "take", "upconv")


@settings(max_examples=150, deadline=None, derandomize=True)
@given(recipe=recipes(often=PARTS))
def test_the_joined_box_contains_the_exact_one(recipe: Recipe) -> None:
    graph = build(recipe)
    exact = supports(graph, 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forward, "MOST_SPANS", 1)
        patch.setattr(forward, "MAX_TERMS", 1)
        patch.setattr(forward, "_kept", {})
        joined = supports(graph, 0)
    for node, one, other in zip(graph.nodes, exact, joined, strict=True):
        for unit in {(0,) * node.shape.rank, tuple(n // 2 for n in node.shape.size)}:
            if node.shape.rank != graph.nodes[0].shape.rank or (box := hull(one, unit)) is None:
                continue
            around = hull(other, unit)
            assert around is not None
            assert all(a[0] <= b[0] and a[1] >= b[1] for a, b in zip(around, box, strict=True))
            if around != box and one.terms:
                assert other.grown


def parts() -> Graph:
    """Units of a transposed convolution with gaps, some of which read nothing, beside those of another one."""
    net = Net(2, (24, 24))
    one = net("upconv", out=1, kernel=1, stride=3)
    other = net("upconv", 0, out=1, kernel=2, stride=3, dilation=2, padding=1, output_padding=1)
    net("crop", other, size=70)
    last = net("crop", one, size=70)
    net("concat", last, len(net.builder.nodes) - 2)
    return net.graph()


def test_a_grown_box_is_labelled_with_its_reason_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(layer.bounded for layer in analyze(parts()).layers)
    monkeypatch.setattr(forward, "MOST_SPANS", 1)
    monkeypatch.setattr(forward, "MAX_TERMS", 1)
    monkeypatch.setattr(forward, "_kept", {})
    analysis = analyze(parts())
    last = analysis.layers[-1]
    assert last.bounded
    assert "counted as one box" in last.bound
    assert [bool(layer.bound) for layer in analysis.layers].count(True) == 1
    assert layers_data([last])[0]["receptive_field"]["upper_bound"] is True


@settings(max_examples=100, deadline=None, derandomize=True)
@given(recipe=recipes(often=PARTS))
def test_terms_joined_before_a_layer_contain_the_exact_box_too(recipe: Recipe) -> None:
    graph = build(recipe)
    exact = supports(graph, 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forward, "MOST_SPANS", 4)
        patch.setattr(forward, "MAX_TERMS", 2)
        patch.setattr(forward, "_kept", {})
        joined = supports(graph, 0)
    for node, one, other in zip(graph.nodes, exact, joined, strict=True):
        unit = tuple(n // 2 for n in node.shape.size)
        if node.shape.rank == graph.nodes[0].shape.rank and (box := hull(one, unit)) is not None:
            around = hull(other, unit)
            assert around is not None
            assert all(a[0] <= b[0] and a[1] >= b[1] for a, b in zip(around, box, strict=True))
            assert around == box or other.grown


CUT = """input: {size}
layers:
  - crop: {{size: [30, 30], offset: 0}}
  - conv: {{out: 3, k: 3}}
  - conv: {{out: 3, k: 3, s: 2}}
"""


@pytest.mark.parametrize("size", ["3x30x60", "3x60x30", "3x30x30", "3x60x60"])
def test_each_axis_is_certified_for_its_own_length_of_the_image(size: str) -> None:
    """A map that was cut from an image looks like an image of its own size, on one axis, and ends where no image does."""
    graph = load_spec(CUT.format(size=size), "net.yaml")
    fields = Fields(graph)
    for i, node in enumerate(graph.nodes):
        for unit in product(*((0, n // 2, n - 1) for n in node.shape.size)):
            if fields.supports[i].certain:
                assert list(clipped(fields.supports[i], unit, fields.image) or ()) == trace(graph, i, unit, 0).box()
