"""What the page computes of a unit is what the backward engine finds, or is said to be the most that it can be."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from rfcalc.analyses.network import analyze
from rfcalc.fields.backward import Seen, area, trace
from rfcalc.graph import Graph
from rfcalc.importers import load
from rfcalc.page.data import network_data
from tests.page.evaluate import Answer, unit_of

CONFIGS = sorted(path.stem for path in (Path(__file__).parents[2] / "configs").glob("*.yaml"))
UNITS = 25  # of each network
WHOLLY_KNOWN = 0.96  # of all units, at least


def holds(answer: Answer, seen: Seen) -> bool:
    """Whether what is said to be known is right, and the rest no less than it is."""
    together = area([*answer.products, *seen.products])
    assert together == area(answer.products), "positions are read that the page leaves out"
    if answer.box_known:
        assert answer.box == seen.box()
    if answer.positions_known:
        assert together == seen.pixels()
    return answer.positions_known


def units(graph: Graph, count: int) -> list[tuple[int, tuple[int, ...]]]:
    """Units of the maps of a graph: some at a border, some anywhere."""
    image = graph.nodes[graph.inputs[0]].shape.size
    maps = [i for i, node in enumerate(graph.nodes) if len(node.shape.size) == len(image)]
    chosen = [random.choice(maps) for _ in range(count)]
    return [(i, tuple(random.choice((0, n - 1, random.randrange(n))) for n in graph.nodes[i].shape.size)) for i in chosen]


def known(graph: Graph, asked: Sequence[tuple[int, tuple[int, ...]]]) -> int:
    data = network_data(analyze(graph))
    return sum(holds(unit_of(data, i, unit), trace(graph, i, unit, graph.inputs[0])) for i, unit in asked)


@pytest.mark.parametrize("name", CONFIGS)
def test_units_of_every_shipped_network(name: str) -> None:
    random.seed(name)
    graph = load(name, {}, 100_000)
    asked = units(graph, UNITS)
    assert known(graph, asked) >= 0.7 * UNITS
