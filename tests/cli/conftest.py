from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.run import Result, run


@pytest.fixture
def rfcalc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The program, to be called with the words of a command line."""
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return lambda *words: run(capsys, monkeypatch, *words)
