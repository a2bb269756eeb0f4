"""The layer that a broken limit is about, by hand."""

from __future__ import annotations

import pytest

from rfcalc.analyses.metrics import METRICS
from rfcalc.analyses.network import analyze
from rfcalc.checks.blame import blamed
from rfcalc.checks.budget import broken
from rfcalc.language.budget import limit
from rfcalc.language.load import load_spec

SPEC = """
input: 3x32x32
layers:
  - {name: a, conv: {out: 4, k: 3, bias: false}}
  - {name: b, conv: {out: 4, k: 5, s: 2, bias: false}}
  - {name: c.0, conv: {out: 4, k: 1, bias: false}}
  - {name: c.1, relu: {}}
"""
BLAMED = {
    "layers": "2 of them in c",
    "params": "the most in b: 400, 76.3 %",
    "buffers": "",
    "macs": "the most in a: 111 k, 50.9 %",
    "flops": "the most in a: 221 k, 50.9 %",
    "output_bytes": "the most in a: 16.4 kB, 57.1 %",
    "bytes_moved": "the most in a: 29.1 kB, 43.0 %",
    "memory": "while b runs",
    "saved_for_backward": "the largest output is that of a",
    "training_flops": "434 k of them forward",
    "training_memory": "with sgd: weights 2.10 kB, gradients 2.10 kB, kept 24.6 kB",
    "receptive_field": "at c.1, the last map",
    "stride": "at c.1, the last map",
    "downsampling": "at c.1, the last map",
}


@pytest.mark.parametrize("name", [metric.name for metric in METRICS])
def test_a_network(name: str) -> None:
    analysis = analyze(load_spec(SPEC, "net"))
    found = list(broken(analysis, [limit(name, "== 123456789")]))
    assert [blamed(analysis, one) for one in found] == [BLAMED[name]]


def test_a_layer() -> None:
    analysis = analyze(load_spec(SPEC, "net"))
    assert [blamed(analysis, one) for one in broken(analysis, [limit("params", "<= 150", "*")])] == ["in b"]
