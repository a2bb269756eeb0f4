"""Parameters, buffers, MACs and shapes of imported models, against torch itself."""

from __future__ import annotations

from math import prod

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from rfcalc.analyses.network import analyze
from rfcalc.reports.parts.contract import totals_data
from tests.importers.torch_models import MODELS, graph_of, module_of, on_meta, shapes_of, tensors_of


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
