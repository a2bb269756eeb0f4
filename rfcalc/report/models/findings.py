"""What `rfcalc check` and `rfcalc diff` print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, NotRequired, TypedDict

from rfcalc.report.findings import SEVERITIES

KINDS = ("added", "removed", "changed", "renamed", "affected")


class FindingData(TypedDict):
    """One thing that was found."""

    code: Annotated[str, "its code; E...: something could not be read"]
    name: Annotated[str, "the code in words"]
    severity: Annotated[str, "how severe it is", SEVERITIES]
    message: Annotated[str, "what was found"]
    hint: Annotated[str, "how to mend it; empty where nothing is known"]
    network: Annotated[str, "the network; empty where it is not known"]
    layer: Annotated[str, "the (first) layer; empty where it is about none"]
    layers: Annotated[Sequence[str], "all layers of that place that it holds for"]
    spec: Annotated[str, "the spec that was checked, as it was named"]
    file: Annotated[str, "the file of the place, which may be another one that the spec extends"]
    line: Annotated[int, "line of the place, 1 where none is known"]
    column: Annotated[int, "column of the place, 1 where none is known"]


class CheckData(TypedDict):
    """What was found."""

    command: Annotated[str, "check or diff"]
    summary: Annotated[str, "the line that sums up"]
    findings: Annotated[Sequence[FindingData], "what was found; of diff the changed layers, as notes"]


class ChangedTotalData(TypedDict):
    """A figure of both networks, or of one axis of theirs."""

    old: Annotated[float | None, "before"]
    new: Annotated[float | None, "after"]
    change_percent: Annotated[float | None, "the change in percent; null where there is nothing to compare with"]
    approximate: NotRequired[Annotated[bool, "true where one of the two is not exact"]]


class ChangedFigureData(TypedDict):
    """A figure that left the baseline."""

    old: Annotated[float | None, "the accepted value; null where there is none"]
    new: Annotated[float | None, "the value now"]


class ChangedLayerData(TypedDict):
    """A layer that changed."""

    kind: Annotated[str, "how; affected: only its field changed, because of another layer", KINDS]
    old: Annotated[str | None, "its name before"]
    new: Annotated[str | None, "its name after"]
    what: Annotated[str, "what changed about it"]


class DifferenceData(TypedDict):
    """What changed in one network."""

    same: Annotated[bool, "true if nothing changed"]
    old: NotRequired[Annotated[str, "the source before"]]
    new: NotRequired[Annotated[str, "the source after"]]
    summary: NotRequired[Annotated[str, "the change in a line"]]
    totals: NotRequired[Annotated[Mapping[str, ChangedTotalData], "figures of the network, by their titles"]]
    layers: NotRequired[Annotated[Sequence[ChangedLayerData], "the layers that changed"]]
    figures: NotRequired[Annotated[Mapping[str, ChangedFigureData], "--baseline: the figures that left it"]]


class DifferencesData(TypedDict):
    """What `diff` adds to its findings."""

    same: Annotated[bool, "true if nothing changed and all could be read"]
    differences: Annotated[Sequence[DifferenceData], "one for each pair of networks"]


class DiffData(CheckData, DifferencesData):
    """What changed between networks."""
