"""What `rfcalc sweep` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, NotRequired, TypedDict


class SweptData(TypedDict):
    """A design of a space."""

    number: Annotated[int, "its number"]
    source: Annotated[str, "the spec that it is a design of"]
    values: Annotated[Mapping[str, str], "what it sets, each as a spec writes it"]
    state: Annotated[str, "how it stands to the condition, or that it cannot be made", ("kept", "left out", "error")]
    error: NotRequired[Annotated[str, "why it cannot be made"]]
    codes: NotRequired[Annotated[Sequence[str], "what rfcalc check finds, where findings were asked for"]]
    figures: Annotated[Mapping[str, float | None], "its figures; null where it has none"]
    approximate: NotRequired[Annotated[Sequence[str], "the figures that are not exact"]]


class DirectionData(TypedDict):
    """A figure of the front."""

    figure: Annotated[str, "its key"]
    better: Annotated[str, "which is better", ("less", "more")]


class CountsData(TypedDict):
    """How many designs there are."""

    space: Annotated[int, "in the space"]
    designs: Annotated[int, "computed, those that cannot be made included"]
    kept: Annotated[int, "within the condition"]
    left_out: Annotated[int, "outside the condition"]
    errors: Annotated[int, "that cannot be made"]
    passed: Annotated[int, "not made, since their params are outside the condition"]


class DistributionData(TypedDict):
    """How a figure is distributed over the designs within the condition."""

    count: Annotated[int, "designs that have it"]
    absent: Annotated[int, "designs without it"]
    least: Annotated[float, "the least"]
    most: Annotated[float, "the most"]
    empirical: Annotated[Sequence[tuple[float, float]], "a share of the designs, and the value that these do not exceed"]
    histogram: Annotated[Sequence[int], "designs in equal parts of the span from the least to the most"]


class SweepData(TypedDict):
    """A sweep."""

    store: Annotated[str | None, "its file; null for none"]
    complete: Annotated[bool, "whether every design that was wanted is computed"]
    seed: Annotated[int | None, "what designs are drawn by; null for a grid and for designs of a file"]
    where: Annotated[str, "the condition; empty for none"]
    counts: Annotated[CountsData, "how many designs there are"]
    better: Annotated[Sequence[DirectionData], "the figures of the front"]
    front: Annotated[Sequence[int], "the numbers of the designs that no other one beats"]
    designs: Annotated[Sequence[SweptData], "those of the front, or all that were computed"]
    distributions: Annotated[Mapping[str, DistributionData], "by the key of the figure"]
    problems: Annotated[
        Mapping[str, int], "why designs cannot be made: an example of each kind of reason, and how many designs have that kind"
    ]
