"""Fields of single layers: what is said of a merge whose inputs are only boxes around what they see."""

from __future__ import annotations

from dataclasses import replace

import rfcalc
from rfcalc.analyses.receptive_field import Fields

NET = """
input: 8x16x16
layers:
  - {name: a, conv: {out: 8, k: 3}}
  - {name: b, conv: {out: 8, k: 3, s: 2}, from: input}
  - {name: up, upsample: 2}
  - {name: sum, add: {}, from: [up, a]}
"""


def test_joined_boxes_have_no_certain_place() -> None:
    graph = rfcalc.loads(NET)
    fields, merge = Fields(graph), graph.by_name["sum"]
    assert str(fields.of(merge).misaligned) == "centres differ by 0.5 pixels"
    joined = Fields(graph)
    joined.supports = [replace(support, grown=True) for support in fields.supports]
    assert joined.of(merge).misaligned is None
