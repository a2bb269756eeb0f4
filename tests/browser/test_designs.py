"""The pages of two designs, and of many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import KEPT, Open, violations
from tests.running import rfcalc

Report = Callable[..., Path]
DESIGNS = ("resnet18", "resnet34", "mobilenet_v2", "unet")


@pytest.fixture
def front(report: Report, tmp_path: Path) -> Path:
    """The page of four networks against each other."""
    path = tmp_path / "front.json"
    path.write_text(rfcalc("compare", *DESIGNS, "--format", "json").out)
    return report(str(path))


def test_two_designs_show_what_differs(opened: Open, report: Report) -> None:
    page = opened(report("resnet18", "resnet34"))
    states = set(page.locator("tbody tr:visible .state").all_text_contents())
    assert states <= {"added", "removed", "changed"}
    assert "added" in states
    rows = page.locator("tbody tr:visible").count()
    page.locator(".states label", has_text="same").click()
    assert page.locator("tbody tr:visible").count() > rows
    assert page.locator("h1").text_content() == "resnet18 → resnet34"


def test_many_designs_are_points_lines_and_rows(opened: Open, front: Path) -> None:
    page = opened(front)
    assert page.locator(".dot").count() == page.locator(".line").count() == page.locator("tbody tr").count() == len(DESIGNS)
    page.locator("tbody button").nth(3).click()
    assert "unet" in (page.locator(".command").text_content() or "")
    axis = page.locator("select").first
    axis.select_option(label="stride")
    assert "stride" in (page.locator(".plot").first.get_attribute("aria-label") or "")


SPACE = """
input: 3x32x32
params: {width: 8, depth: 2, kernel: 3, hidden: 8}
space: {width: 8:33:8, depth: 1:5, kernel: [3, 5, 7], hidden: "8:65:*2"}
layers:
  - {repeat: depth, conv: {out: width, k: kernel}}
  - {conv: {out: hidden, k: 1}}
"""


def test_a_sweep_of_few_designs_has_labels_with_room(opened: Open, report: Report, tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE)
    store = str(tmp_path / "s.db")
    assert rfcalc("sweep", str(tmp_path / "space.yaml"), "--random", "10", "--workers", "1", "--store", store).code == 0
    page = opened(report(store))
    assert page.locator("h1").text_content() == "10 designs of space.yaml"
    assert "kernel=" in (page.locator("tbody tr").first.text_content() or "")
    plot = page.locator(".plot").first.bounding_box()
    assert plot
    for label in page.locator(".plot").first.locator(".dot + text").all():
        box = label.bounding_box()
        assert box
        assert box["width"] < 140
        assert plot["x"] <= box["x"] <= box["x"] + box["width"] <= plot["x"] + plot["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_are_for_everybody(scheme: str, opened: Open, report: Report, front: Path) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    for name, file in {"compare": report("resnet18", "resnet34"), "front": front}.items():
        page = opened(file, color_scheme=scheme, viewport={"width": 360, "height": 800})
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.set_viewport_size({"width": 1280, "height": 900})
        page.screenshot(path=KEPT / f"{name}-{scheme}.png")
