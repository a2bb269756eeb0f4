"""The page is on its own: it asks for nothing, runs nothing but its own script, and what it is given is text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rfcalc.analyses.network import analyze
from rfcalc.importers import load
from rfcalc.page.data import network_data
from rfcalc.page.html import html
from tests.browser.conftest import Open

# Names as nobody should have them: what would end a script or an element, ask for a file, or turn the line around.
HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "'\"`${1+1}`\"'",
    "&lt;b&gt; & <b>",
    "\u202eright to left\u202c",
    "<!-- <script>",
    "{{7*7}}",
    "constructor",
    "__proto__",
)


def page_of(folder: Path) -> Path:
    """A page whose title, file, layers and findings have such names, wherever a network may come from."""
    data: dict[str, Any] = {**network_data(analyze(load("unet3d", {}, 100_000)))}
    names = data["layers"]["name"]
    data["layers"]["name"] = [*names[: -len(HOSTILE)], *HOSTILE]
    finding = {"code": "RF301", "name": HOSTILE[1], "severity": "warning", "message": HOSTILE[1], "hint": HOSTILE[0]}
    data["findings"] = [{**finding, "layers": [len(names) - 1], "place": HOSTILE[5]}]
    data |= {"title": HOSTILE[0], "source": HOSTILE[1], "command": HOSTILE[3], "pages": {"RF301": HOSTILE[1]}}
    data["cards"] = [{"label": HOSTILE[1], "text": HOSTILE[1], "note": HOSTILE[1]}]
    path = folder / "page.html"
    path.write_text(html(data), encoding="utf-8")
    return path


def test_names_are_text(tmp_path: Path, opened: Open) -> None:
    page = opened(page_of(tmp_path))
    page.click("text=Unfold all")
    page.locator(".grid").evaluate("grid => grid.scrollTop = grid.scrollHeight")
    page.focus(".grid")
    page.keyboard.press("End")
    assert set(HOSTILE) <= set(page.locator(".row .name").evaluate_all("all => all.map(name => name.title)"))
    assert page.locator("h1").text_content() == HOSTILE[0]
    assert page.title() == HOSTILE[0]
    page.fill("input[type=search]", "onerror")
    page.locator(".rows .row").first.click()
    assert page.locator(".pane h2").text_content() == HOSTILE[1]
    page.locator(".findings .go").first.click()
    assert page.locator(".pane h2").text_content() == HOSTILE[-1]
    assert page.locator("body img, body b b, body iframe, body script:not([id])").count() == 1, "the bundle alone"


def test_a_policy_allows_only_what_the_page_has(opened: Open, report: Callable[..., Path]) -> None:
    page = opened(report("resnet18"))
    policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content") or ""
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"].startswith("'sha256-")
    assert rules["style-src"].startswith("'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_a_page_that_is_used_asks_for_nothing(opened: Open, report: Callable[..., Path]) -> None:
    page = opened(report("resnet18"))  # a request, a message or an error fails the fixture
    page.click("text=Unfold all")
    page.locator(".figure.macs button").click()
    page.fill("input[type=search]", "conv")
    page.locator(".rows .row").nth(3).click()
    page.hover(".stage canvas")
    page.hover(".map canvas")
    page.hover(".memory svg")
    page.keyboard.press("Escape")
    page.evaluate("localStorage.length + sessionStorage.length")
    assert page.context.cookies() == []
