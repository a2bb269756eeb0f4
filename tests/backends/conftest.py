"""One thread for torch, so that tests that run side by side do not wait for each other; a small spec."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import rfcalc.graph

TINY = """\
# A residual block, a pool and a head.
name: tiny
input: 3x12x12
layers:
  - {name: stem, conv: {out: 8, k: 3, norm: bn, act: relu, bias: false}}
  - residual:
      main: [{name: a, conv: {out: 8, k: 3, norm: bn, act: relu}}, {name: b, conv: {out: 8, k: 3}}]
      skip: []
  - {name: pool, maxpool: 2}
  - gap
  - {name: fc, linear: 5}
"""


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    """A spec file of 30 kB of weights."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return str(path)


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
