"""A stored mask leaves pixels out: the field is marked as a bound, of which the gradient shows less."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import rfcalc

FILE = Path(__file__).parent / "models" / "masks.py"


@pytest.mark.parametrize("name", ["Triangle", "Causal", "Chosen"])
def test_a_stored_mask_is_a_bound(name: str) -> None:
    run = rfcalc("analyze", f"{FILE}:{name}", "--input", "8x4x4")
    assert run.code == 0
    assert "Upper bound <=" in run.out
    assert "a stored mask sets some numbers, whose pixels are then not read" in " ".join(run.out.split())


def test_a_mask_of_the_image_is_exact() -> None:
    assert "Upper bound" not in rfcalc("analyze", f"{FILE}:Loose", "--input", "8x4x4").out
