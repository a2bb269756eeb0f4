"""What all tests share: golden files, with the mark by which `make accept` finds the tests that keep one; a small spec."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rfcalc.fields import forward
from rfcalc.layers import facts
from tests.golden import Golden

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


@pytest.fixture
def golden() -> Golden:
    return Golden(os.environ.get("RFCALC_ACCEPT", ""))


@pytest.fixture(autouse=True)
def unshared() -> None:
    """A test may change a rule of some layer; what other tests have found by the rules is forgotten."""
    facts.forget()
    forward.forget()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "golden" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.golden)


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    """A spec file of 30 kB of weights."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return str(path)
