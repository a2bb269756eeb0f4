"""Certificates: what they promise holds, and they are given wherever the rule says that they may be."""

from __future__ import annotations

import itertools
import random
from math import prod

import pytest

from rfcalc.fields.backward import area, trace
from rfcalc.fields.certain import read_by
from rfcalc.fields.certificate import all_read, certify
from rfcalc.fields.field import START, compose
from rfcalc.fields.forward import clipped, supports
from rfcalc.graph import Graph
from rfcalc.relations.geometry import window
from tests.oracle.recipes import Recipe, Step, build

WIDE = compose(START, window(5, 1, 1, 2), 9)  # unit i sees i - 2 ... i + 2


@pytest.mark.parametrize(
    ("first", "last", "given"),
    [(2, 8, True), (3, 8, False), (0, 6, True), (0, 5, False), (2, 6, True), (3, 5, False)],
)
def test_a_window_over_a_border_needs_a_unit_that_sees_the_edge(first: int, last: int, given: bool) -> None:
    """Of an image of 9 pixels, unit 2 is the last that sees the first one, unit 6 the first that sees the last one."""
    found = certify(WIDE, (first, last), window(3, 1, 1, 1), 9, 9, 9)
    assert found == ((max(0, first - 1), min(8, last + 1)) if given else None)


@pytest.mark.parametrize(("first", "last", "given"), [(1, 8, True), (2, 8, False), (0, 7, True), (0, 6, False)])
def test_a_window_with_gaps_needs_one_within_the_gap(first: int, last: int, given: bool) -> None:
    """Taps two apart: unit `first` may be stepped over, and the one after it must see the edge."""
    assert (certify(WIDE, (first, last), window(3, 1, 2, 2), 9, 9, 9) is not None) == given


@pytest.mark.parametrize(("living", "given"), [((0, 2), True), ((1, 3), True), ((1, 2), False), ((2, 2), False)])
def test_living_units_fill_a_gap(living: tuple[int, int], given: bool) -> None:
    """Three living units cannot be stepped over by taps three apart, two can."""
    everything = compose(START, window(15, 1, 1, 7), 5)
    assert (certify(everything, living, window(3, 1, 3, 3), 5, 5, 5) is not None) == given


def test_a_gap_as_wide_as_the_map_cannot_step_over_it() -> None:
    assert all_read(window(2, 1, 3, 1), 3, 2)
    assert not all_read(window(2, 1, 3, 1), 2, 1)


def some_graph(rng: random.Random) -> Graph:
    steps = []
    for _ in range(rng.randint(1, 4)):
        sides = (rng.randint(0, 6), rng.randint(0, 6))
        kernel = {"kernel": rng.randint(1, 3), "stride": rng.randint(1, 3), "padding": (sides,)}
        mode = rng.choice(["zeros"] * 4 + ["replicate", "reflect", "circular"])
        steps.append(
            rng.choice(
                [
                    *[Step("conv", 0, {"out": 1, "dilation": rng.randint(1, 6), "padding_mode": mode, **kernel})] * 3,
                    Step("crop", 0, {"margin": ((rng.randint(0, 2), rng.randint(0, 2)),)}),
                    Step("pad", 0, {"padding": (sides,)}),
                    Step("upconv", 0, {"out": 1, "kernel": rng.randint(1, 4), "stride": rng.randint(1, 3)}),
                    Step("upsample", 0, {"scale": 2, "mode": "linear"}),
                    Step("gap", rng.randint(0, 1), {"axis": None}),
                ]
            )
        )
    return build(Recipe(1, (rng.randint(1, 14),), tuple(steps)))


def test_what_is_certain_is_what_the_backward_engine_finds() -> None:
    """Every unit of every layer of many small chains, at sizes where almost every window lies over a border."""
    rng, certain, holes = random.Random(0), 0, 0
    for _ in range(1500):
        graph = some_graph(rng)
        for index, (node, support) in enumerate(zip(graph.nodes, supports(graph, 0), strict=True)):
            if not support.certain:
                continue
            certain += 1
            for unit in itertools.product(*map(range, node.shape.size)):
                box, seen = clipped(support, unit, graph.nodes[0].shape.size), trace(graph, index, unit, 0)
                assert seen.box() == (list(box) if box else None), (node, unit)
                if found := read_by(support, unit, graph.nodes[0].shape.size):
                    assert area(found.products) == area((*found.products, *seen.products)) == seen.pixels(), (node, unit)
                    holes += found.pixels() != prod(b - a + 1 for a, b in found.box() or ())
    assert certain > 3000
    assert holes > 300
