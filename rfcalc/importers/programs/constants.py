"""The numbers of a program's constants, where somebody asks for them."""

from __future__ import annotations

from typing import Any

from rfcalc.importers.programs.program import Const


def known(const: Const) -> Any:
    """The numbers of a constant as an array of its kind of program; None where they are not known."""
    return const.value() if callable(const.value) else const.value


def number(value: Any) -> float | None:
    """The number that a constant is, if it is a single one that is not stored as a weight; else None."""
    if not isinstance(value, Const) or value.stored or any(n != 1 for n in value.shape):
        return None
    found = known(value)
    values = [] if found is None else found.reshape(-1).tolist()
    return float(f"{float(values[0]):.7g}") if len(values) == 1 and isinstance(values[0], int | float) else None
