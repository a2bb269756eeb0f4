"""The shipped networks, and a graph in other forms."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import rfcalc
from rfcalc.language.files import shipped_files


def test_configs() -> None:
    assert list(rfcalc.configs()) == list(shipped_files())
    assert rfcalc.configs()["resnet50"].startswith("ResNet-50")
    assert rfcalc.configs("resnet50") == shipped_files()["resnet50"].read_text(encoding="utf-8")
    with pytest.raises(rfcalc.SpecError, match='did you mean "resnet18"'):
        rfcalc.configs("resnet19")


def test_to_yaml() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    text = rfcalc.to_yaml(module, (3, 8, 8))
    again, before = rfcalc.analyze(text), rfcalc.analyze(module, (3, 8, 8))
    assert (again.params, again.macs, again[0].field) == (before.params, before.macs, before[0].field)
    assert rfcalc.analyze(rfcalc.to_yaml("resnet18")).params == 11_689_512


def test_to_torch() -> None:
    module = rfcalc.to_torch("input: 3x8x8\nlayers: [{conv: {out: 4, k: 3}}]\n", seed=1)
    assert module(torch.zeros(1, 3, 8, 8)).shape == (1, 4, 8, 8)
