"""Pages in a browser: one Chromium for all tests, in which nothing leaves the page unseen."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.running import rfcalc

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
KEPT = ROOT / "build" / "browser"  # pictures and times, to be looked at
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

Open = Callable[..., "Page"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no page is looked at")
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if not path:
        pytest.skip("there is no Chromium (`apt install chromium`): no page is looked at")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Opens a file in a context of its own. A request other than for the file, an error or a message is a failure."""
    contexts, wrong = [], []

    def opened(file: Path, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: None if mine(request.url, file) else wrong.append(request.url))
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong


def mine(url: str, file: Path) -> bool:
    return url in (file.as_uri(), f"{file.as_uri()}#") or url.startswith(("data:", "blob:"))


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The page of a network, or of two, as the command writes it: names of shipped ones, or files."""
    folder = tmp_path_factory.mktemp("pages")
    made: dict[tuple[str, ...], Path] = {}

    def report(*words: str) -> Path:
        if words not in made:
            made[words] = folder / f"{len(made)}.html"
            run = rfcalc("report", *words, "-o", str(made[words]))
            assert run.code == 0, run.err
        return made[words]

    return report


def violations(page: Page) -> list[str]:
    """What axe finds; it is put in past the page's policy, which would not let it in."""
    if not AXE.exists():
        pytest.skip("axe is not installed (`make web`): accessibility is not looked at")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]
