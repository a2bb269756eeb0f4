"""One thread for torch, so that tests that run side by side do not wait for each other; facts that a test makes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

import rfcalc.graph


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def forget() -> None:
    """Facts are asked once per layer and remembered: a test that changes them must make the graph forget."""
    for value in vars(rfcalc.graph).values():
        getattr(value, "cache_clear", lambda: None)()


@pytest.fixture
def corrupt(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[type, str, Any], None]]:
    """Replaces a fact of a kind of layer: `corrupt(Conv, "cost", wrong)`."""

    def change(kind: type, fact: str, value: Any) -> None:
        monkeypatch.setattr(kind, fact, value)
        forget()

    yield change
    monkeypatch.undo()
    forget()
