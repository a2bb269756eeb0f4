"""The layer that a question about one layer means."""

from __future__ import annotations

from collections.abc import Sequence

from rfcalc.analyses.receptive_field import Fields
from rfcalc.graph import Graph


def target(graph: Graph, fields: Fields, chosen: Sequence[int]) -> int | None:
    """The last of the chosen layers with a field of its own; if none is chosen, the output with the largest field, or the last
    map. None if no layer has a field."""
    local = [i for i in chosen if fields.supports[i].terms]
    if local or chosen:
        return local[-1] if local else None
    outputs = [i for i in graph.outputs if fields.supports[i].terms]
    if outputs:
        return max(outputs, key=lambda i: fields.of(i).size or ())
    last = graph.last_spatial
    return last if last is not None and fields.supports[last].terms else None
