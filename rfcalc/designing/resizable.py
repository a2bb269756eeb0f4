"""The text that resize changes: a spec's own, or that of the spec that a model converts to."""

from __future__ import annotations

from collections.abc import Callable

from rfcalc.converting import written
from rfcalc.graph import Graph
from rfcalc.importers import is_spec, spec_text


def resizable(path: str, load: Callable[[], Graph]) -> tuple[str, str, bool]:
    """The text, the name of its source, and whether it is a spec as it was written; `load` gives the graph of what is none.
    Raises SpecError."""
    if path == "-" or is_spec(path):
        return *spec_text(path), True
    return written(path, {}, load()), f"{path} as a spec", False
