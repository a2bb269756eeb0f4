"""The picture files of `rfcalc analyze`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rfcalc.errors import RuleError, fail

if TYPE_CHECKING:
    from rfcalc.analyses.network import Analysis


def write_erf_map(analysis: Analysis, path: str) -> None:
    """The map of the effective receptive field of the layer that was asked for; raises SpecError."""
    from rfcalc.backends import require

    require("PIL.Image", "plot")
    require("numpy", "plot")
    from rfcalc.analyses.erf_map import energy_map
    from rfcalc.backends.pictures.png import write_map

    graph, asked = analysis.graph, analysis.extra.get("erf")
    try:
        found = asked and energy_map(graph, graph.by_name[asked["layer"]], graph.inputs[0], asked["unit"])
    except RuleError as error:
        raise fail("E202", f"{graph.name}: {error}") from None
    if not found:
        raise fail("E202", f"{graph.name}: no selected layer has a receptive field without a global layer")
    energy = found.energy.sum(tuple(range(found.energy.ndim - 2))) if found.energy.ndim > 2 else found.energy
    write_map(path, energy.reshape(-1, energy.shape[-1]).tolist())


def write_mask_png(analysis: Analysis, path: str) -> None:
    """The pixels that the unit sees, over the whole image; raises SpecError where no selected layer has the unit."""
    from rfcalc.backends import require
    from rfcalc.reports.asked import pictures

    require("PIL.Image", "plot")
    from rfcalc.backends.pictures.png import write_mask

    found = list(pictures(analysis))
    if not found:
        raise fail("E122", f"{analysis.graph.name}: no selected layer has such a unit")
    height, width = (1, *analysis.input.size)[-2:]
    write_mask(path, found[-1].rows(), height, width)
