"""Parameters, buffers, MACs and shapes of imported models, against torch itself."""

from __future__ import annotations

from math import prod
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from rfcalc.analyses.cost import total
from rfcalc.analyses.memory import at_inference, in_training
from rfcalc.analyses.network import analyze
from rfcalc.importers import load
from rfcalc.layers.counted import COMPUTED
from rfcalc.reports.parts.contract import totals_data
from tests.importers.torch_models import FOLDER, MODELS, graph_of, module_of, on_meta, shapes_of, tensors_of
from tests.running import rfcalc


@pytest.mark.parametrize("model", MODELS)
def test_figures_are_those_of_the_module(model: str) -> None:
    graph = graph_of(model)
    module = module_of(model)
    totals = totals_data(analyze(graph))
    assert totals["params"] == sum(p.numel() for p in module.parameters())
    assert totals["buffers"] == sum(b.numel() for b in module.buffers())
    module = on_meta(module)
    inputs = [torch.empty(shape, device="meta") for shape in shapes_of(graph).values()]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        given = tensors_of(module(*inputs))
    assert 2 * totals["macs"] == counter.get_total_flops()
    assert [prod(tensor.shape) for tensor in given] == [graph.nodes[i].shape.elements for i in graph.outputs]


@pytest.mark.parametrize(
    ("name", "elements"),
    {
        "WeightNorm": {"conv": {"computed": 108}, "out": {"computed": 144}},
        "Standardized": {"conv": {"computed": 4 + 108 + 4 + 4 + 108}},  # mean, difference, deviation, epsilon, quotient
        "NormedWeight": {"conv": {"standardized": 108}},
        "Blurred": {"kernel": {}},  # a stored kernel is not computed
    }.items(),
)
def test_what_is_computed_from_weights_is_counted(name: str, elements: dict[str, dict[str, int]]) -> None:
    graph = graph_of(f"code.py:{name}")
    found = {node.name: {kind: n for kind, n in node.cost.elements if kind in COMPUTED} for node in graph.layers}
    assert {layer: found.get(layer) for layer in elements} == elements


def test_fvcore_counts_the_norm_of_a_weight() -> None:
    fvcore = pytest.importorskip("fvcore.nn")
    module, image = module_of("code.py:NormedWeight").eval(), torch.ones(1, 3, 8, 8)
    counted = fvcore.FlopCountAnalysis(module, image).unsupported_ops_warnings(False).total()
    assert total(graph_of("code.py:NormedWeight"), "fvcore") == counted == 4 * 27 * 64 + 5 * 108


def test_weights_that_are_computed_are_so_in_a_spec_too(tmp_path: Path) -> None:
    """And they need memory that no rule knows; torch's own run does."""
    path = tmp_path / "net.yaml"
    path.write_text("input: 3x8x8\nlayers:\n  - {conv: {out: 4, k: 3}, counts: {standardized: 108}}\n")
    spec, graph = load(str(path)), graph_of("code.py:NormedWeight")
    assert total(spec, "fvcore") == total(graph, "fvcore")
    assert (at_inference(spec).about, in_training(spec).about) == (True, True)
    assert (at_inference(graph).about, in_training(graph).about) == (False, False)
    text = rfcalc("convert", f"{FOLDER}/code.py:NormedWeight", "--input", "3x8x8").out
    assert "counts: {params: 116, standardized: 108}" in text


@pytest.mark.parametrize("model", MODELS)
def test_each_layer_has_a_place_and_a_name(model: str) -> None:
    """Layers lie in the modules that they come from, and show the line of the user's file."""
    graph, paths = graph_of(model), {path for path, _ in module_of(model).named_modules()}
    file = model.split(":")[0]
    for node in graph.layers:
        inside = [path for path in paths if node.name == path or node.name.startswith(f"{path}.") or not path]
        assert inside
        assert node.span is None or node.span.source.endswith((file, ".py"))
    assert any(node.span and node.span.source.endswith(file) for node in graph.layers)
