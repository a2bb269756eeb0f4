"""Pictures of an analysis on the axes of matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rfcalc.analyses.layer import Layer
from rfcalc.analyses.network import Analysis
from rfcalc.errors import fail

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def field_axes(analysis: Analysis, name: str | None, at: Sequence[int] | None, ax: Axes | None) -> Axes:
    """The pixels that a unit reads, on new axes unless some are given."""
    from rfcalc.backends.optional import require

    require("matplotlib", "plot")
    from rfcalc.analyses.receptive_field import Fields
    from rfcalc.backends.pictures.axes import mask_axes

    layer = _layer(analysis, name)
    unit = _unit(layer, at)
    seen = Fields(analysis.graph).unit(analysis.graph.by_name[layer.name], unit)
    return mask_axes(seen, analysis.input.size, _title(layer, unit, f"reads {seen.pixels:,} pixels"), ax)


def erf_axes(analysis: Analysis, name: str | None, at: Sequence[int] | None, ax: Axes | None) -> Axes:
    """How much each pixel counts for a unit, on new axes unless some are given."""
    from rfcalc.backends.optional import require

    require("matplotlib", "plot")
    from rfcalc.analyses.erf_map import map_of
    from rfcalc.backends.pictures.axes import energy_axes

    layer = _layer(analysis, name)
    unit = _unit(layer, at)
    energy = map_of(analysis.graph, analysis.graph.by_name[layer.name], unit)
    return energy_axes(energy, analysis.input.size, _title(layer, unit, "effective field, random weights"), ax)


def _layer(analysis: Analysis, name: str | None) -> Layer:
    if name is not None:
        return analysis[name]
    if analysis.last_spatial is None:
        raise fail("E120", f"{analysis.graph.name}: no layer is a map; choose one by its name")
    return analysis.last_spatial


def _unit(layer: Layer, at: Sequence[int] | None) -> tuple[int, ...]:
    """The unit, or the middle one; raises SpecError for one that the layer does not have."""
    size = layer.shape.size
    if at is not None and not (isinstance(at, tuple | list) and all(isinstance(n, int) for n in at)):
        raise TypeError(f"at takes one number per axis, such as (7, 7), not {at!r:.60}")
    unit = tuple(n // 2 for n in size) if at is None else tuple(at)
    if len(unit) != len(size) or not all(0 <= i < n for i, n in zip(unit, size, strict=True)):
        units = f"its units are {(0,) * len(size)} to {tuple(n - 1 for n in size)}" if size else "it is a vector, of unit ()"
        raise fail("E122", f"{layer.name} has no unit {unit}", None, units)
    return unit


def _title(layer: Layer, unit: tuple[int, ...], what: str) -> str:
    return f"{layer.name}{f', unit {unit}' if unit else ''}: {what}"
