"""What all tests share: the fixture of golden files, and the mark by which `make accept` finds the tests that keep one."""

from __future__ import annotations

import os

import pytest

from tests.golden import Golden


@pytest.fixture
def golden() -> Golden:
    return Golden(os.environ.get("RFCALC_ACCEPT", ""))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "golden" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.golden)
