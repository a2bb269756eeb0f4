"""The picture files of `rfcalc analyze`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rfcalc.analyses.network import Analysis


def erf_map(analysis: Analysis) -> bytes:
    """The map of the effective receptive field of the layer that was asked for, as PNG; raises SpecError."""
    from rfcalc.backends.optional import require

    require("matplotlib", "plot")
    require("numpy", "plot")
    from rfcalc.analyses.erf_map import map_of
    from rfcalc.backends.pictures.axes import energy_axes
    from rfcalc.backends.pictures.png import png

    erf, graph = analysis.erf, analysis.graph
    drawn = map_of(graph, erf.target if erf else None, erf.unit if erf else ())
    title = f"{graph.nodes[erf.target].name if erf else graph.name}: effective field, random weights"
    return png(lambda ax: energy_axes(drawn, analysis.input.size, title, ax))


def mask(analysis: Analysis) -> bytes:
    """The pixels that the unit, which some selected layer has, sees over the whole image, as PNG."""
    from rfcalc.backends.optional import require
    from rfcalc.reports.parts.asked import seen

    require("matplotlib", "plot")
    from rfcalc.backends.pictures.axes import mask_axes
    from rfcalc.backends.pictures.png import png

    *_, (title, unit) = seen(analysis)
    return png(lambda ax: mask_axes(unit, analysis.input.size, title, ax))
