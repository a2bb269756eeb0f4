"""The rules, one per file. Codes: RF1 receptive field, RF2 sampling, RF3 cost and layers, RF4 structure, RF5 budgets."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from rfcalc.checks.model import Rule

MODULES: tuple[str, ...] = (
    "rf101_gridding",
    "rf201_checkerboard",
)


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its code."""
    found = (import_module(f"rfcalc.checks.rules.{name}").RULE for name in MODULES)
    return {rule.code: rule for rule in found}
