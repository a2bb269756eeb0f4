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
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The page of a spec, a shipped network's name or a file, as the command writes it."""
    folder, made = tmp_path_factory.mktemp("pages"), {}

    def report(spec: str) -> Path:
        if spec not in made:
            made[spec] = folder / f"{len(made)}.html"
            run = rfcalc("report", spec, "-o", str(made[spec]))
            assert run.code == 0, run.err
        return made[spec]

    return report
