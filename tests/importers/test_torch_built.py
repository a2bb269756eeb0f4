"""Imported models built in torch again: with a batch, on another device than the default one, with the same counts."""

from __future__ import annotations

import pytest
import torch

from rfcalc.backends.torch.build import to_torch
from rfcalc.errors import SpecError
from tests.importers.torch_models import MODELS, graph_of, shapes_of

# A weight that is computed, fixed, or an unequal layer's, a choice number by number, or a norm with numbers per channel of
# patches, has no module of its own: an error.
REFUSED = {
    *(
        f"code.py:{name}"
        for name in ("Labels", "Choosing", "Tied", "WeightNorm", "SpectralNorm", "NormedWeight", "Blurred", "Paired")
    ),
    "code.py:Merged",
    "modern.py:NormedPatches",
    "signals.py:Separated",
}


@pytest.mark.parametrize("model", [model for model in MODELS if model not in REFUSED])
def test_built(model: str) -> None:
    graph = graph_of(model)
    module = to_torch(graph).eval()
    assert sum(p.numel() for p in module.parameters()) == sum(node.cost.params for node in graph.nodes)
    assert sum(b.numel() for b in module.buffers()) == sum(node.cost.buffers for node in graph.nodes)
    module.to("meta")  # a tensor that forward made on the default device would not fit
    outputs = module(*(torch.empty(2, *shape[1:], device="meta") for shape in shapes_of(graph).values()))
    for i, tensor in zip(graph.outputs, outputs if isinstance(outputs, tuple) else [outputs], strict=True):
        assert tuple(tensor.shape) == (2, graph.nodes[i].shape.channels, *graph.nodes[i].shape.size)


@pytest.mark.parametrize("model", sorted(REFUSED))
def test_what_cannot_be_built_says_so(model: str) -> None:
    with pytest.raises(SpecError, match="has no form in torch"):
        to_torch(graph_of(model))
