"""What `rfcalc paths` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypedDict


class PathFieldsData(TypedDict):
    """What the paths see along one axis."""

    axis: Annotated[int, "the axis, from 0"]
    unit: Annotated[int, "the unit on it"]
    sizes: Annotated[Sequence[tuple[int, int]], "pairs [pixels, number of paths that see so many]"]
    whole_input: Annotated[int, "paths that see the whole input through a global layer"]
    nothing: Annotated[int, "paths that see nothing at this unit"]
    upper_bound: Annotated[bool, "true where units are left out and the sizes are upper bounds"]


class PathsData(TypedDict):
    """A network as an ensemble of paths. Numbers of paths are exact and may exceed 2^53."""

    name: Annotated[str, "the network's name"]
    source: Annotated[str, "the file, or what else it was read from"]
    layer: Annotated[str, "the layer that the paths lead to"]
    paths: Annotated[int, "number of paths"]
    lengths: Annotated[Sequence[tuple[int, int]], "pairs [weighted layers, number of paths of that length]"]
    fields_of: Annotated[str | None, "the layer whose fields are counted"]
    fields: Annotated[Sequence[PathFieldsData], "what the paths to it see, per axis"]
