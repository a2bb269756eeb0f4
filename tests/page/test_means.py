"""The ring of the effective field lies where the energy has its mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rfcalc import analyze
from rfcalc.analyses.erf import effective_field
from rfcalc.analyses.receptive_field import Fields
from rfcalc.fields.forward import hull
from rfcalc.page.data import network_data

CAUSAL = """
input: 1x64
layers:
  - {name: first, conv: {out: 1, k: 3, p: [[2, 0]]}}
  - {name: second, conv: {out: 1, k: 3, d: 2, p: [[4, 0]]}}
  - {name: sum, add: {}, from: [second, first]}
"""
UP = """
input: 1x32x32
layers:
  - conv: {out: 1, k: 3, s: 2}
  - upsample: {scale: 2, mode: nearest}
  - conv: {out: 1, k: 3}
"""
SKEWED = """
input: 1x64x64
layers:
  - {name: wide, conv: {out: 1, k: 9, p: [[8, 0], [4, 4]]}}
  - {name: narrow, conv: {out: 1, k: 3}, from: input}
  - {name: sum, add: {}, from: [wide, narrow]}
"""


def centre(data: Any, layer: int, unit: tuple[int, ...], middles: list[float]) -> list[float]:
    """Where the description of the data puts the mean."""
    means = data.get("means", {"axes": [[0.0]], "of": {}})
    of = means["of"].get(str(layer), [-1] * len(unit))
    offsets = [means["axes"][k][i % len(means["axes"][k])] if k >= 0 else 0.0 for k, i in zip(of, unit, strict=True)]
    return [middle + offset for middle, offset in zip(middles, offsets, strict=True)]


@pytest.mark.parametrize("text", [CAUSAL, UP, SKEWED])
def test_the_mean_of_each_layers_middle_unit_is_that_of_its_energy(text: str, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(text)
    analysis = analyze(tmp_path / "net.yaml")
    graph, data = analysis.graph, network_data(analysis)
    fields = Fields(graph)
    assert data.get("means"), "nothing is off the middle"
    for i in range(1, len(graph.nodes)):
        found = effective_field(graph, i, fields.source)
        box = hull(fields.supports[i], found.unit)
        assert box
        for axis, marginal in enumerate(found.marginals):
            assert marginal
            mean = sum((marginal.start + k) * share for k, share in enumerate(marginal.shares))
            middles = [(span[0] + span[1]) / 2 for span in box]
            assert centre(data, i, found.unit, middles)[axis] == pytest.approx(mean, abs=0.006)


def test_nothing_is_stored_where_means_and_middles_agree() -> None:
    assert "means" not in network_data(analyze("resnet18"))
