"""What a long work does and how far it is. Those who work say it; nobody hears it, unless somebody listens (cli/waiting.py).

for network in each("analyzing", networks): ...
say("tracing resnet50")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

Listener = Callable[[str, float, float], None]
Entry = TypeVar("Entry")
_listeners: list[Listener] = []


def say(what: str, done: float = 0, total: float = 0) -> None:
    """Tells what begins now, and how much of the whole is done; a total of 0 is not known."""
    for listener in _listeners:
        listener(what, done, total)


def each(what: str, entries: Sequence[Entry]) -> Iterator[Entry]:
    """The entries one after another; before each it is told how many are done."""
    for done, entry in enumerate(entries):
        say(what, done, len(entries))
        yield entry


@contextmanager
def heard(listener: Listener) -> Iterator[None]:
    """While it lasts, a listener is told what is done."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
