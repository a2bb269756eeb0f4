"""What takes long shows on a terminal, and is gone before anything is printed; nothing of it stands in pipes."""

from __future__ import annotations

import threading
from contextlib import redirect_stderr
from io import StringIO
from time import monotonic, sleep

import pytest

from rfcalc.cli import waiting
from rfcalc.cli.color import hush
from rfcalc.progress import say
from tests.running import rfcalc

ERASE, SHOW_CURSOR = "\x1b[2K", "\x1b[?25h"


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True

    def until(self, text: str) -> str:
        """What stands on it, as soon as a text does."""
        end = monotonic() + 20
        while text not in self.getvalue():
            assert monotonic() < end, self.getvalue()
            sleep(0.01)
        return self.getvalue()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    found = Terminal()
    monkeypatch.setattr(waiting, "PATIENCE", 0.01)
    monkeypatch.setattr(waiting, "TICK", 0.01)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    return found


def test_work_is_shown_and_taken_away(terminal: Terminal) -> None:
    with redirect_stderr(terminal), waiting.watched():
        say("tracing resnet50")
        assert "\u2501" not in terminal.until("tracing resnet50"), "no bar where the whole is not known"
        say("trying sizes", 3, 8)
        assert "\u2501" in terminal.until("trying sizes")
        hush()
        text = terminal.getvalue()
        assert text.endswith(ERASE) or text.rstrip("\r").endswith((ERASE, SHOW_CURSOR)), repr(text[-80:])
        assert SHOW_CURSOR in text
        say("again")
        terminal.until("again")
    assert not [thread for thread in threading.enumerate() if "_draw" in thread.name]


def test_names_cannot_paint(terminal: Terminal) -> None:
    with redirect_stderr(terminal), waiting.watched():
        say("reading [red]\x1b[31mevil\u202e")
        text = terminal.until("evil")
    assert "\x1b[31m" not in text
    assert "[red]\\x1b[31mevil" in text
    assert "\u202e" not in text


def test_what_is_quick_shows_nothing(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 60)
    with redirect_stderr(terminal), waiting.watched():
        say("quick")
    assert terminal.getvalue() == ""


def test_a_terminal_without_a_cursor_shows_nothing(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with redirect_stderr(terminal), waiting.watched():
        say("tracing")
        sleep(0.2)
    assert terminal.getvalue() == ""


def test_a_pipe_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0)
    run = rfcalc("sizes", "vgg11", "--limit", "64")
    assert (run.code, run.err) == (0, "")
    assert "\x1b" not in run.out
