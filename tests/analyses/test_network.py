"""The figures of a whole network."""

from __future__ import annotations

import pytest

from rfcalc.analyses.metrics import OF_LAYERS
from rfcalc.analyses.network import analyze
from rfcalc.importers import load
from rfcalc.language.load import load_spec

# An addition of a layer to itself reads less than one of two layers.
ADDED = """
input: 2x4x4
layers:
  - {name: r, relu: {}}
  - {name: a, add: {}, from: [r, r]}
  - {add: {}, from: [r, a]}
"""


@pytest.mark.parametrize("name", ["resnet18", "unet", ""])
def test_totals_are_the_sums_of_the_layers(name: str) -> None:
    """They are reckoned by kinds of layers."""
    analysis = analyze(load(name) if name else load_spec(ADDED, "net.yaml"))
    for metric in (metric for metric in OF_LAYERS if metric.over is sum):
        assert metric.of_network(analysis) == sum(metric.of_layer(layer) or 0 for layer in analysis.every), metric.name
    assert sum(count for _, count in analysis.kinds) == len(analysis.every)
