"""What a comparison of networks says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, NotRequired, TypedDict

from rfcalc.report.models.parts import ShapeData


class NetworkFiguresData(TypedDict):
    """One of the networks."""

    name: Annotated[str, "what it is called; the second one of a name has a number"]
    source: Annotated[str, "the file, or what else it was read from"]
    input: Annotated[ShapeData, "shape of the (first) input"]
    best: Annotated[bool, "whether no other one is as good in every figure and better in one"]
    figures: Annotated[Mapping[str, float | None], "its figures; null where it has none"]
    approximate: NotRequired[Annotated[Sequence[str], "the figures that are not exact"]]
    change_percent: NotRequired[Annotated[Mapping[str, float | None], "change against the one that it is set against"]]


class ComparisonData(TypedDict):
    """Networks side by side."""

    against: Annotated[str | None, "the network that the others are set against"]
    networks: Annotated[Sequence[NetworkFiguresData], "the networks, in their order"]
