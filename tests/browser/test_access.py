"""Everybody can use the page: with the keyboard alone, in light and dark, on a narrow screen, with a screen reader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Open, violations

Report = Callable[..., Path]
SEEN = """all => all.filter(each => each.offsetParent !== null && !each.closest("dialog"))
    .map(each => each.getAttribute("aria-label") || each.textContent)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(scheme: str, width: int, opened: Open, report: Report) -> None:
    page = opened(report("unet3d"), color_scheme=scheme, viewport={"width": width, "height": 900})
    assert violations(page) == []
    page.locator("summary").first.click()
    page.locator(".rows .row").nth(2).click()
    assert violations(page) == []
    page.keyboard.press("?")
    assert violations(page) == []


@pytest.mark.parametrize("name", ["resnet18", "deeplabv3plus", "tcn", "vit_b16"])
def test_a_narrow_screen_needs_no_scrolling_to_the_side(name: str, opened: Open, report: Report) -> None:
    page = opened(report(name), viewport={"width": 360, "height": 740})
    page.click("text=Unfold all")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    grid = page.locator(".grid")
    assert grid.evaluate("grid => grid.scrollWidth - grid.clientWidth") <= 0
    assert page.locator(".rows .row").first.is_visible()


def focused(page: Any) -> str:
    return str(page.evaluate("(e => e.getAttribute('aria-label') || e.textContent)(document.activeElement)"))


def test_the_keyboard_reaches_everything(opened: Open, report: Report) -> None:
    page = opened(report("unet3d"))
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(focused(page))
        if reached[-1].startswith("The units of this layer"):
            break
    every = page.eval_on_selector_all("button, summary, select, input:not(.numbers input), canvas, .grid", SEEN)
    assert set(every) <= set(reached) | {""}, set(every) - set(reached)


def active(page: Any) -> str:
    return str(page.locator(".row.active .label").text_content())


def test_the_table_by_keyboard(opened: Open, report: Report) -> None:
    page = opened(report("resnet18"))
    page.keyboard.press("/")
    page.keyboard.type("layer2")
    names = page.locator(".rows .label").all_text_contents()
    assert names
    assert all("layer2" in name for name in names)
    page.keyboard.press("Escape")
    page.focus(".grid")
    page.keyboard.press("Home")
    assert active(page) == "input"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert active(page) == "layer1"
    row = page.locator(".row.active")
    before = row.get_attribute("aria-expanded")
    page.keyboard.press("Enter")
    assert page.locator(".row.active").get_attribute("aria-expanded") != before
    assert active(page) == "layer1"
    page.keyboard.press("*")
    page.keyboard.press("ArrowRight")
    assert active(page) == "0"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert active(page) == "layer1"
    assert page.locator(".grid").get_attribute("aria-activedescendant") == page.locator(".row.active").get_attribute("id")
    page.keyboard.press("End")
    assert active(page) == "fc"
    assert page.locator(".pane h2").text_content() == "fc"


def test_help_opens_and_closes(opened: Open, report: Report) -> None:
    page = opened(report("resnet18"))
    page.keyboard.press("?")
    assert page.locator("dialog").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("dialog").is_visible()


def test_the_map_by_keyboard(opened: Open, report: Report) -> None:
    page = opened(report("resnet18"))
    unit = [page.locator(".numbers input").nth(k) for k in (0, 1)]
    page.focus(".map canvas")
    was = [int(each.input_value()) for each in unit]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.wait_for_function(f"document.querySelector('.numbers input').value === '{was[0] + 1}'")
    assert [int(each.input_value()) for each in unit] == [was[0] + 1, was[1] + 1]
    page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_function("document.querySelectorAll('.numbers input')[1].value === '0'")
