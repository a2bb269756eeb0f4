"""What `rfcalc design` and `rfcalc resize` print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NotRequired, TypedDict

from rfcalc.report.models.parts import ShapeData

StepData = TypedDict(
    "StepData",
    {
        "from": Annotated[float, "least longer side, in pixels"],
        "to": Annotated[float, "largest"],
        "objects": Annotated[int, "objects between them"],
    },
)
StepData.__doc__ = "A step of a histogram."


class DatasetData(TypedDict):
    """The objects of a data set, at the size of the input."""

    objects: Annotated[int, "how many"]
    left_out: Annotated[int, "boxes without area"]
    resize: Annotated[str, "how the images become the input"]
    median: Annotated[float, "median of the longer sides, in pixels"]
    p90: Annotated[float, "the length that 90 % do not exceed"]
    largest: Annotated[float, "the largest"]
    histogram: Annotated[Sequence[StepData], "longer sides in steps"]


class BlockData(TypedDict):
    """A block of a design."""

    block: Annotated[str, "its kind"]
    kernel: Annotated[int, "its kernel"]
    dilation: Annotated[int, "its dilation"]


class DesignData(TypedDict):
    """A design on the front."""

    number: Annotated[int, "its number, from 1"]
    receptive_field: Annotated[int, "its field, in pixels"]
    effective_sigma: Annotated[float, "sigma of its effective field under random weights"]
    effective_field: Annotated[float, "four sigma"]
    error: Annotated[int, "what the target is compared with, minus the target"]
    macs: Annotated[int, "multiply-accumulates"]
    flops: Annotated[int, "2 x macs"]
    params: Annotated[int, "parameters"]
    depth: Annotated[int, "convolutions in a row"]
    stages: Annotated[Sequence[Sequence[BlockData]], "the stem and the stages, block by block"]


class ChoiceData(TypedDict):
    """The recommended one."""

    number: Annotated[int, "its number"]
    why: NotRequired[Annotated[str, "the reason"]]


class DesignsData(TypedDict):
    """The front of designs for a target."""

    target: Annotated[int, "wanted field, in pixels"]
    aim: Annotated[str, "what the target is compared with: receptive_field or effective_field"]
    input: Annotated[ShapeData, "shape of the input"]
    stride: Annotated[int, "input pixels per unit of the last map"]
    hole_free: Annotated[bool, "whether designs with holes were left out"]
    designs_searched: Annotated[int, "how many designs there are in the space"]
    recommended: Annotated[ChoiceData, "the recommended design"]
    front: Annotated[Sequence[DesignData], "the designs that no other one beats"]
    dataset: NotRequired[Annotated[DatasetData, "--dataset"]]


class DesignFiguresData(TypedDict):
    """The figures of a spec, as it is or after a change."""

    layer: Annotated[str, "the layer whose field is meant"]
    receptive_field: Annotated[int, "its field, in pixels"]
    error: Annotated[int, "field minus target"]
    stride: Annotated[Sequence[float], "its stride per axis"]
    output: Annotated[ShapeData, "its output"]
    macs: Annotated[int, "multiply-accumulates of the network"]
    flops: Annotated[int, "2 x macs"]
    params: Annotated[int, "parameters of the network"]


KnobData = TypedDict(
    "KnobData",
    {
        "where": Annotated[str, "the layer, or params"],
        "what": Annotated[str, "the setting, or the param"],
        "line": Annotated[int, "its line in the spec"],
        "from": Annotated[int, "its value now"],
        "to": Annotated[int, "its value after the change"],
    },
)
KnobData.__doc__ = "A number of the spec that a change changes."


class ChangeData(DesignFiguresData):
    """A change to a spec, with the figures after it."""

    number: Annotated[int, "its number, from 1"]
    values: Annotated[Sequence[KnobData], "what it changes"]
    layers: Annotated[Sequence[str], "the layers that differ after it"]
    diff: Annotated[str, "the change as a unified diff"]


class ChangesData(TypedDict):
    """The smallest changes to a spec that reach a target."""

    target: Annotated[int, "wanted field, in pixels"]
    aim: Annotated[str, "what the target is compared with"]
    source: Annotated[str, "the spec"]
    current: Annotated[DesignFiguresData, "the spec as it is"]
    recommended: Annotated[ChoiceData | None, "the recommended change; null where nothing is to do"]
    changes: Annotated[Sequence[ChangeData], "the changes, ranked"]
    dataset: NotRequired[Annotated[DatasetData, "--dataset"]]
