"""What the page finds that a unit sees is what the backward engine finds, or it says that this is a bound."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rfcalc.analyses.network import analyze
from rfcalc.fields.backward import area, trace
from rfcalc.graph import Graph
from rfcalc.importers import load, shipped
from rfcalc.page.data import network_data
from rfcalc.page.html import html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

UNITS = 100  # of each network
# Of how many the page says no more than the most that they can see: their padding, or the phases of what they read, may hide
# some pixels. Of all others, none.
AT_MOST = {
    "deeplabv3_resnet50": 2,
    "espcn": 9,
    "fcn8s": 4,
    "srresnet": 3,
    "lessons/aspp": 37,
    "lessons/dilated_by_phases": 40,
    "lessons/gridding": 30,
    "lessons/masked": 42,
    "lessons/subpixel": 19,
    "lessons/zero_insertion": 31,
}
ASK = "units => units.map(([layer, unit]) => rfcalc.at(layer, unit))"


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One page for all networks, one after the other."""
    page = browser.new_page()
    yield page
    page.close()


def chosen(graph: Graph) -> list[tuple[int, list[int]]]:
    """Units of the layers that are maps, those at the border more often than others."""
    rank = len(graph.nodes[graph.inputs[0]].shape.size)
    maps = [i for i, node in enumerate(graph.nodes) if len(node.shape.size) == rank]
    layers = random.choices(maps, k=UNITS)
    return [(i, [random.choice((0, n - 1, random.randrange(n), n // 2)) for n in graph.nodes[i].shape.size]) for i in layers]


def bits(products: Sequence[Sequence[Sequence[Sequence[int]]]]) -> list[tuple[int, ...]]:
    return [tuple(sum(((1 << last - first + 1) - 1) << first for first, last in runs) for runs in axes) for axes in products]


def agree(seen: dict[str, Any], graph: Graph, layer: int, unit: Sequence[int]) -> bool:
    """Whether the page is sure of each pixel; it must be right then, and elsewhere leave nothing out."""
    engine = trace(graph, layer, unit, graph.inputs[0])
    products, box = bits(seen["products"]), engine.box()
    assert area([*products, *engine.products]) == area(products), "the page leaves pixels out"
    if seen["certain"]:
        assert seen["box"] == (None if box is None else [list(ends) for ends in box])
    if seen["exact"]:
        assert area(products) == engine.pixels()
    return bool(seen["exact"])


@pytest.mark.parametrize("name", [name for name, _ in shipped()])
def test_the_page_sees_what_the_engine_sees(name: str, page: Page, tmp_path: Path) -> None:
    random.seed(name)
    graph = load(name, {}, 100_000)
    units = chosen(graph)
    file = tmp_path / "page.html"
    file.write_text(html(network_data(analyze(graph))), encoding="utf-8")
    page.goto(file.as_uri())
    sure = sum(agree(seen, graph, *each) for seen, each in zip(page.evaluate(ASK, units), units, strict=True))
    assert UNITS - sure <= AT_MOST.get(name, 0)
