"""The facts of every layer against torch: shape, parameters, buffers, MACs, other operations, memory."""

from __future__ import annotations

import pytest
import torch

from rfcalc.analyses.cost import CONVENTIONS, KINDS, MAC
from rfcalc.layers.contract import Op
from rfcalc.layers.words import WORDS, make
from tests.layers.cases import CASES, IMPORTED, IMPORTED_CASES, NOT_RUN, TABLE, Case, label
from tests.layers.torch_layer import TorchLayer, counted_flops, fvcore_total, tensors

each_case = pytest.mark.parametrize("case", [*CASES, *IMPORTED_CASES], ids=label)


def layer(case: Case) -> Op:
    word, settings, _ = case
    return make(word, **settings)


def built(case: Case, device: str) -> TorchLayer:
    with torch.device(device):
        return TorchLayer(layer(case), case[2])


def test_every_word_has_cases() -> None:
    assert set(TABLE) | set(IMPORTED) == set(WORDS) - NOT_RUN


@each_case
def test_shape(case: Case) -> None:
    shapes = case[2]
    found = built(case, "meta").eval()(*tensors(shapes, "meta"))
    expected = layer(case).shape(shapes)
    assert tuple(found.shape) == (1, expected.channels, *expected.size)


@each_case
def test_parameters_and_buffers(case: Case) -> None:
    module, cost = built(case, "meta"), layer(case).cost(case[2])
    assert sum(p.numel() for p in module.parameters()) == cost.params
    assert sum(b.numel() for b in module.buffers()) == cost.buffers


@each_case
def test_macs(case: Case) -> None:
    assert counted_flops(built(case, "meta").eval(), tensors(case[2], "meta")) == 2 * layer(case).cost(case[2]).macs


@each_case
def test_fvcore(case: Case) -> None:
    cost = layer(case).cost(case[2])
    expected = cost.macs + sum(CONVENTIONS["fvcore"].get(kind, 0) * count for kind, count in cost.elements)
    assert fvcore_total(built(case, "cpu"), tensors(case[2])) == expected


@each_case
def test_kinds_are_known(case: Case) -> None:
    kinds = [kind for kind, _ in layer(case).cost(case[2]).elements]
    assert MAC not in kinds
    assert set(kinds) <= set(KINDS)
