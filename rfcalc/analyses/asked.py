"""What was asked of an analysis and is not there: layers, or a unit that none of them has."""

from __future__ import annotations

from collections.abc import Sequence

from rfcalc.analyses.network import Analysis
from rfcalc.errors import SpecError, fail
from rfcalc.graph import no_layer


def refused(analysis: Analysis, globs: Sequence[str], units: Sequence[tuple[int, ...]]) -> SpecError | None:
    """The error for layers or a unit that are not there; None if all are."""
    name = analysis.graph.name
    if not analysis.layers:
        return no_layer(analysis.graph, globs[0]) if globs else fail("E120", f"{name}: there are no layers")
    for asked in units:
        if not any(one.unit == asked for layer in analysis.layers for one in layer.units):
            what = f"{name}: no selected layer has a unit {','.join(map(str, asked))}"
            return fail("E122", what, None, _units_of(analysis, len(asked)))
    return None


def _units_of(analysis: Analysis, axes: int) -> str:
    """The units of the largest of the selected layers."""
    layer = max(analysis.layers, key=lambda layer: layer.shape.positions if layer.shape.rank else 0)
    size = layer.shape.size
    if not size:
        return f"{layer.name} is a vector: it has no units"
    last = ",".join(str(n - 1) for n in size)
    units = f"{layer.name} is {'x'.join(map(str, size))}: its units are {','.join('0' * len(size))} to {last}"
    return units if axes == len(size) else f"one number per axis, such as --at {','.join('0' * len(size))}: {units}"
