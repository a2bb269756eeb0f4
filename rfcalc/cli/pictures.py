"""The picture files of `rfcalc analyze`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rfcalc.errors import RuleError, fail

if TYPE_CHECKING:
    from rfcalc.analyses.network import Analysis


def erf_map(analysis: Analysis) -> bytes:
    """The map of the effective receptive field of the layer that was asked for, as PNG; raises SpecError."""
    from rfcalc.backends.optional import require

    require("PIL.Image", "plot")
    require("numpy", "plot")
    from rfcalc.analyses.erf_map import energy_map
    from rfcalc.backends.pictures.png import map_png

    graph, erf = analysis.graph, analysis.erf
    try:
        drawn = erf and energy_map(graph, erf.target, graph.inputs[0], erf.unit)
    except RuleError as error:
        raise fail("E202", f"{graph.name}: {error}") from None
    if not drawn:
        raise fail("E202", f"{graph.name}: no selected layer has a receptive field without a global layer")
    energy = drawn.energy.sum(tuple(range(drawn.energy.ndim - 2))) if drawn.energy.ndim > 2 else drawn.energy
    return map_png(energy.reshape(-1, energy.shape[-1]).tolist())


def mask(analysis: Analysis) -> bytes:
    """The pixels that the unit, which some selected layer has, sees over the whole image, as PNG."""
    from rfcalc.backends.optional import require
    from rfcalc.reports.parts.asked import pictures

    require("PIL.Image", "plot")
    from rfcalc.backends.pictures.png import mask_png

    *_, last = pictures(analysis)
    height, width = (1, *analysis.input.size)[-2:]
    return mask_png(last.rows(), height, width)
