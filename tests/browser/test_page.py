"""What one sees and does on the page of a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rfcalc.analyses.network import analyze
from rfcalc.importers import load
from tests.browser.conftest import KEPT, Open

Report = Callable[..., Path]
RED = """() => {
    const { width, height } = document.querySelector(".map canvas");
    const [red, , blue] = document.querySelector(".map canvas").getContext("2d").getImageData(width / 2, height / 3, 1, 1).data;
    return red > 120 && blue < 90;
}"""
FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def names(page: Any) -> list[str]:
    """The layers of the rows from top to bottom."""
    rows = page.locator(".rows .row").evaluate_all(
        "rows => rows.sort((a, b) => a.dataset.index - b.dataset.index).map(row => row.querySelector('.name').title)"
    )
    return [str(name) for name in rows]


def test_only_rows_that_are_seen_are_drawn(opened: Open, report: Report) -> None:
    page = opened(report("hourglass"))
    page.click("text=Unfold all")
    count = len(load("hourglass", {}, 100_000).nodes)
    assert int(page.locator(".grid").get_attribute("aria-rowcount") or 0) > count
    assert page.locator(".rows .row").count() < 80
    page.locator(".grid").evaluate("grid => grid.scrollTop = grid.scrollHeight")
    page.evaluate(FRAMES)
    assert names(page)[-1] == "stack.7.heatmaps"


def test_a_column_sorts_down_then_up_then_not(opened: Open, report: Report) -> None:
    page = opened(report("resnet18"))
    layers = sorted(analyze(load("resnet18", {}, 100_000)).layers, key=lambda layer: -layer.params)
    head = page.locator(".head .params")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert names(page)[0] == layers[0].name
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "none"
    assert names(page)[0] == "input"


def test_rows_are_found_by_name_and_by_operator(opened: Open, report: Report) -> None:
    page = opened(report("resnet18"))
    page.fill("input[type=search]", "layer4 3x3")
    found = names(page)
    assert found
    assert all(name.startswith("layer4.") and "conv" in name for name in found)
    page.fill("input[type=search]", "")
    page.select_option("select", "maxpool")
    assert names(page) == ["maxpool"]
    page.select_option("select", "")
    assert names(page)[0] == "input"


def test_a_finding_leads_to_its_row(opened: Open, report: Report) -> None:
    page = opened(report("unet3d"))
    link = page.locator(".findings .go").first
    link.click()
    assert page.locator(".pane h2").text_content() == link.text_content()
    assert page.locator(".row.active .name").get_attribute("title") == link.text_content()


def test_the_pointer_chooses_the_unit(opened: Open, report: Report) -> None:
    page = opened(report("unet"))
    box = page.locator(".stage canvas").bounding_box()
    assert box
    rows = []
    for share in (0.3, 0.7):
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * share)
        page.evaluate(FRAMES)
        rows.append(int(page.locator(".numbers input").first.input_value()))
    assert rows[0] < rows[1]
    assert "rows" in (page.locator(".readout dl").text_content() or "")


def test_ones_own_picture_takes_the_place_of_the_chart(opened: Open, report: Report, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    image.new("RGB", (64, 48), (200, 30, 30)).save(tmp_path / "red.png")
    page = opened(report("resnet18"))
    page.set_input_files("input[type=file]", tmp_path / "red.png")
    page.wait_for_function(RED)


def test_a_picture_in_the_page_is_shown(opened: Open, report: Report, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    image.new("RGB", (64, 48), (200, 30, 30)).save(tmp_path / "red.png")
    opened(report("resnet18", "--image", str(tmp_path / "red.png"))).wait_for_function(RED)


def test_paths_are_counted(opened: Open, report: Report) -> None:
    page = opened(report("resnet18", "--paths"))
    assert page.locator(".chart h2").all_text_contents()[1:] == ["256 paths by length", "Paths by field"]
    assert page.locator(".bars li").count() > 10


def test_the_peak_of_memory_is_marked(opened: Open, report: Report) -> None:
    page = opened(report("resnet18"))
    peak = analyze(load("resnet18", {}, 100_000)).peak
    assert peak.at in (page.locator(".memory output").text_content() or "")
    page.locator(".memory svg").click(position={"x": 5, "y": 50})
    assert page.locator(".row.active .label").text_content() == "input"


def test_paper_has_every_row(opened: Open, report: Report) -> None:
    page = opened(report("resnet18"))
    before = names(page)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert set(names(page)) >= {node.name for node in load("resnet18", {}, 100_000).nodes}
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert names(page) == before
    page.emulate_media(media="print")
    assert len(page.pdf()) > 10_000


@pytest.mark.parametrize("name", ["resnet50", "unet", "deeplabv3plus", "tcn", "resnet3d18"])
def test_pictures_are_kept(name: str, opened: Open, report: Report) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 360)):
        page = opened(report(name), color_scheme=scheme, viewport={"width": width, "height": 900})
        page.evaluate(FRAMES)
        page.screenshot(path=KEPT / f"{name}-{scheme}-{width}.png", full_page=True)


BOTH_WAYS = """
input: 1x40
layers:
  - {name: back, conv: {out: 1, k: 5, p: [[4, 0]]}}
  - {name: ahead, conv: {out: 1, k: 7, p: [[0, 6]]}, from: input}
  - {name: near, conv: {out: 1, k: 3}, from: input}
  - {name: sum, add: {}, from: [near, back, ahead]}
"""
LIT = "rows => rows.filter(row => row.querySelector('.mark.hot')).map(row => row.querySelector('.name').title).sort()"


def test_the_paths_of_both_ends_are_lit(opened: Open, report: Report, tmp_path: Path) -> None:
    spec = tmp_path / "both.yaml"
    spec.write_text(BOTH_WAYS)
    page = opened(report(str(spec)))
    page.locator(".row", has_text="sum").click()
    assert page.locator(".rows .row").evaluate_all(LIT) == ["ahead", "back", "input", "sum"]
    assert "several critical paths" not in (page.locator(".about").text_content() or "")


def test_of_several_paths_one_is_lit_and_the_page_says_so(opened: Open, report: Report) -> None:
    page = opened(report("lessons/dilated_by_phases"))
    page.click("text=Unfold all")
    page.locator(".row", has_text="stitched").click()
    assert "several critical paths" in (page.locator(".pane .about").text_content() or "")
