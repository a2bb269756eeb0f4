"""The rules, one per file. Codes: RF1 receptive field, RF2 sampling, RF3 cost and layers, RF4 structure, RF5 budgets."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from rfcalc.checks.model import Rule

MODULES: tuple[str, ...] = (
    "rf101_gridding",
    "rf102_unproductive",
    "rf103_field_too_small",
    "rf201_checkerboard",
    "rf202_misaligned_merge",
    "rf203_lost_pixels",
    "rf204_early_downsampling",
    "rf205_misnamed_deconvolution",
    "rf206_size_multiples",
    "rf301_bias_before_norm",
    "rf302_norm_twice_or_missing",
    "rf303_norm_of_one_value",
    "rf304_odd_channels",
    "rf305_separable",
    "rf306_bottleneck_widens",
    "rf307_thin_groups",
    "rf308_small_batch",
    "rf401_dead_layers",
    "rf402_fixed_size_head",
)


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its code."""
    loaded = (import_module(f"rfcalc.checks.rules.{name}").RULE for name in MODULES)
    return {rule.code: rule for rule in loaded}
