"""The picture files of `rfcalc analyze`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rfcalc.analyses.network import Analysis


def erf_map(analysis: Analysis) -> bytes:
    """The map of the effective receptive field of the layer that was asked for, as PNG; raises SpecError."""
    from rfcalc.backends.optional import require

    require("PIL.Image", "plot")
    require("numpy", "plot")
    from rfcalc.analyses.erf_map import map_of
    from rfcalc.backends.pictures.png import map_png

    erf = analysis.erf
    return map_png(map_of(analysis.graph, erf.target if erf else None, erf.unit if erf else ()).rows)


def mask(analysis: Analysis) -> bytes:
    """The pixels that the unit, which some selected layer has, sees over the whole image, as PNG."""
    from rfcalc.backends.optional import require
    from rfcalc.reports.parts.asked import pictures

    require("PIL.Image", "plot")
    from rfcalc.backends.pictures.png import mask_png

    *_, last = pictures(analysis)
    height, width = (1, *analysis.input.size)[-2:]
    return mask_png(last.rows(), height, width)
