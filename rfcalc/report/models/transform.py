"""What `rfcalc transform` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NotRequired, TypedDict


class TransformStepData(TypedDict):
    """One transform."""

    transform: Annotated[str, "what was asked for"]
    changed: Annotated[Sequence[str], "the layers that it changed"]
    macs_before: Annotated[int, "multiply-accumulates before it"]
    macs_after: Annotated[int, "multiply-accumulates after it"]
    equivalence: Annotated[str, "what equals the original, in words"]
    equal: Annotated[bool, "whether the result equals the original"]
    notes: Annotated[Sequence[str], "what else is to be known"]


class TransformFiguresData(TypedDict):
    """The figures of the network."""

    macs: Annotated[int, "multiply-accumulates"]
    params: Annotated[int, "parameters"]
    layers: Annotated[int, "layers"]
    output: Annotated[str, "shapes of the outputs"]
    field_of: NotRequired[Annotated[str, "the last map and its shape"]]
    receptive_field: NotRequired[Annotated[str, "its field, such as 427x427"]]
    stride: NotRequired[Annotated[str, "its stride"]]


class TransformData(TypedDict):
    """A design before and after its transforms."""

    name: Annotated[str, "the network's name"]
    source: Annotated[str, "the file, or what else it was read from"]
    steps: Annotated[Sequence[TransformStepData], "the transforms"]
    before: Annotated[TransformFiguresData, "figures before"]
    after: Annotated[TransformFiguresData, "figures after"]
    spec: Annotated[str, "the text of the new spec"]
