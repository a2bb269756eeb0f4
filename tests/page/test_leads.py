"""The critical path of the page: following it alone, one comes to the first and the last pixel of the box."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rfcalc import analyze
from rfcalc.analyses.receptive_field import Fields
from rfcalc.fields.forward import hull
from rfcalc.graph import Graph
from rfcalc.page.data import network_data

NAMES = ["hourglass", "hrnet_w18", "inception_v3", "mobilenet_v3_large", "tcn", "unet3d"]
BOTH_WAYS = """
input: 1x40
layers:
  - {name: back, conv: {out: 1, k: 5, p: [[4, 0]]}}
  - {name: ahead, conv: {out: 1, k: 7, p: [[0, 6]]}, from: input}
  - {name: sum, add: {}, from: [back, ahead]}
  - {name: last, conv: {out: 1, k: 3}}
"""
CHUNKED = """
input: 2x40
layers:
  - {name: wide, conv: {out: 2, k: 7}}
  - {name: narrow, conv: {out: 2, k: 3}, from: input}
  - {name: both, concat: {}, from: [wide, narrow]}
  - {name: half, slice: {start: 2}}
  - {name: last, conv: {out: 1, k: 3}}
"""


def chain(data: Mapping[str, Any], layer: int, end: int) -> list[int]:
    """The layers that the description of the data leads to."""
    found = [layer]
    while True:
        at = found[-1]
        reads = data["layers"]["inputs"].get(str(at), [at - 1])
        leads = data["lead"].get(str(at), reads[:1])
        if not leads:
            return found
        found.append(leads[end % len(leads)])


def reached(graph: Graph, path: list[int], axis: int, unit: int) -> set[int]:
    """What a unit reads on an axis by the layers of a path alone."""
    units = {unit}
    for at, source in zip(path, path[1:], strict=False):
        reads = [read for read in graph.nodes[at].reads if graph.nodes[at].inputs[read.source] == source and read.local]
        reaches = [read.axes[axis] if read.axes else None for read in reads]
        units = {tap for reach in reaches for i in units for tap in (reach.at(i) if reach else (i,))}
    return units


def holds(graph: Graph, data: Mapping[str, Any], layer: int, unit: tuple[int, ...]) -> None:
    box = hull(Fields(graph).supports[layer], unit)
    for axis, span in enumerate(box or ()):
        for side, choose in enumerate((min, max)):
            path = chain(data, layer, 2 * axis + side)
            assert not graph.nodes[path[-1]].inputs
            assert choose(reached(graph, path, axis, unit[axis])) == span[side]


@pytest.mark.parametrize("name", NAMES)
def test_the_path_leads_to_the_ends_of_the_box(name: str) -> None:
    random.seed(name)
    analysis = analyze(name)
    graph, data = analysis.graph, network_data(analysis)
    assert "lead_differs" not in data
    local = [i for i, support in enumerate(Fields(graph).supports) if support.terms and graph.nodes[i].inputs]
    for layer in random.sample(local, min(12, len(local))):
        holds(graph, data, layer, tuple(random.randrange(n) for n in graph.nodes[layer].shape.size))


def page(text: str, folder: Path) -> tuple[Graph, Mapping[str, Any]]:
    (folder / "net.yaml").write_text(text)
    analysis = analyze(folder / "net.yaml")
    return analysis.graph, network_data(analysis)


def test_each_end_has_its_own_path(tmp_path: Path) -> None:
    graph, data = page(BOTH_WAYS, tmp_path)
    assert data["lead"] == {"3": [1, 2]}
    for unit in (0, 20, 39):
        holds(graph, data, 4, (unit,))


def test_where_channels_part_the_page_says_so(tmp_path: Path) -> None:
    graph, data = page(CHUNKED, tmp_path)
    assert data["lead_differs"] == [graph.by_name["half"]]


def test_where_units_part_the_page_says_so() -> None:
    data = network_data(analyze("lessons/dilated_by_phases"))
    assert [data["layers"]["name"][at] for at in data.get("lead_differs", ())] == ["stitched"]


def test_a_global_layer_ends_the_path() -> None:
    data = network_data(analyze("resnet18"))
    names = data["layers"]["name"]
    assert [names[at] for at in chain(data, names.index("fc"), 0)][-1] == "avgpool"
