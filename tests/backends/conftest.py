"""One thread for torch, so that tests that run side by side do not wait for each other; a small spec."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

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
