"""Golden files: what a test expects stands in a file, which `make accept` rewrites after a change that was meant.

A test that keeps one takes the fixture `golden`; that alone makes `make accept` run it (tests/conftest.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Golden:
    """`accept`: what RFCALC_ACCEPT says; empty, files are only compared; "timed", measurements are written anew as well."""

    accept: str = ""

    def check(self, path: Path, text: str) -> None:
        """Compares a text with a golden file, or writes it."""
        if self.accept:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"there is no {path.name}; `make accept` writes it"
        assert text == path.read_text(encoding="utf-8")
