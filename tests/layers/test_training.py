"""What each layer keeps for its backward pass, and the memory it needs while it runs, as torch does it on the CPU."""

from __future__ import annotations

import pytest

from rfcalc.layers.contract import Keeps, Storage
from rfcalc.layers.words import make
from tests.analyses.torch_memory import peak_bytes, saved_bytes
from tests.layers.cases import CASES, Case, label
from tests.layers.torch_layer import TorchLayer, tensors

each_case = pytest.mark.parametrize("case", CASES, ids=label)


@each_case
def test_what_training_keeps(case: Case) -> None:
    word, settings, shapes = case
    op = make(word, **settings)
    cost = op.cost(shapes)
    layer = TorchLayer(op, shapes).train()
    if cost.storage is Storage.IN_PLACE and cost.keeps is Keeps.OUTPUT:
        layer.layer.inplace = True
    inputs = tuple(x.requires_grad_() * 1 for x in tensors(shapes, batch=2))
    measured = saved_bytes(layer, *inputs, ignore=(*layer.parameters(), *layer.buffers()))
    kept = sum(shape.elements for shape in shapes) * cost.keeps.inputs + op.shape(shapes).elements * cost.keeps.output
    assert measured == 8 * (kept + cost.saved + cost.words) + cost.fixed


@each_case
def test_memory_while_it_runs(case: Case) -> None:
    word, settings, shapes = case
    op = make(word, **settings)
    cost = op.cost(shapes)
    out = 0 if cost.storage in (Storage.VIEW, Storage.IDLE) else op.shape(shapes).elements
    expected = 4 * (out + cost.spare + cost.inner) + cost.scratch
    assert peak_bytes(TorchLayer(op, shapes).eval(), *tensors(shapes)) == expected
