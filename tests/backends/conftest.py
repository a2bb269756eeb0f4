"""One thread for torch, so that tests that run side by side do not wait for each other; facts that a test makes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from rfcalc.layers.facts import forget


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def corrupt(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[type, str, Any], None]]:
    """Replaces a fact of a kind of layer: `corrupt(Conv, "cost", wrong)`."""

    def change(kind: type, fact: str, value: Any) -> None:
        monkeypatch.setattr(kind, fact, value)
        forget()

    yield change
    monkeypatch.undo()
    forget()
