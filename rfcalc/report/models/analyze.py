"""What `rfcalc analyze` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, NotRequired, TypedDict

from rfcalc.report.models.parts import ShapeData


class CenterData(TypedDict):
    """The unit in the middle of a layer."""

    unit: Annotated[Sequence[int], "its position"]
    box: Annotated[Sequence[tuple[int, int]] | None, "first and last index per axis, cut to the image, inclusive"]


class ChannelsData(TypedDict):
    """The field of some channels, where channels differ."""

    channels: Annotated[str, "the channels, as ranges"]
    size: Annotated[Sequence[int], "size of their field"]


class FieldData(TypedDict):
    """A receptive field, in pixels of the input; one number per spatial axis of the input."""

    size: Annotated[
        Sequence[int] | None,
        "unclipped bounding box of a unit, largest over the phases; null where every path is global",
    ]
    size_min: Annotated[Sequence[int] | None, "the same, smallest over the phases"]
    stride: Annotated[Sequence[float] | None, "input pixels from one unit to the next; below 1 after upsampling past the input"]
    start: Annotated[Sequence[int] | None, "first input index that unit 0 would read; negative: in the padding"]
    coverage: Annotated[float | None, "share of the box that is really read; below 1 there are holes"]
    whole_input: Annotated[bool, "whether some path passes a global layer: the unit sees all"]
    center: Annotated[CenterData | None, "what the unit in the middle sees"]
    center_of_unit_0: NotRequired[Annotated[Sequence[float], "middle of unit 0's box"]]
    coverage_is_upper_bound: NotRequired[Annotated[bool, "true where coverage is no exact figure"]]
    channels: NotRequired[Annotated[Sequence[ChannelsData], "fields by channel, where channels differ"]]
    misaligned: NotRequired[Annotated[str, "how the inputs of a merge lie against each other, where they do not fit"]]
    upper_bound: NotRequired[Annotated[bool, "true where the field may be smaller"]]
    depends_on_input_size: NotRequired[Annotated[bool, "true where another size of the input gives another field"]]
    pixels_never_read: NotRequired[
        Annotated[int, "of an output or the last map that sees the whole input: the pixels that its middle unit does not read"]
    ]


class UnitData(TypedDict):
    """What one unit sees."""

    unit: Annotated[Sequence[int], "its position"]
    unclipped: Annotated[
        Sequence[tuple[int, int]] | None, "first and last index per axis, inclusive; null where every path is global"
    ]
    clipped: Annotated[Sequence[tuple[int, int]] | None, "the same, cut to the image"]
    pixels: Annotated[int, "number of pixels that are really read"]


class LayerData(TypedDict):
    """A layer."""

    name: Annotated[str, "its full name, such as layer1.0.conv1"]
    op: Annotated[str, "its word in the spec language"]
    settings: Annotated[Mapping[str, object], "all settings of its op, as a spec says them"]
    inputs: Annotated[Sequence[str], "the layers, or inputs, that it reads"]
    weights: NotRequired[Annotated[str, "the layer whose weights it uses, which counts them"]]
    line: Annotated[int | None, "its line in the source; null where there is none"]
    output: Annotated[ShapeData, "shape of its output"]
    element_operations: Annotated[Mapping[str, int], "operations beside multiply-accumulates, by kind"]
    downsampling: Annotated[Sequence[float], "input size / output size, per axis; empty where the number of axes differs"]
    receptive_field: Annotated[FieldData, "its receptive field"]
    approximate: NotRequired[Annotated[Sequence[str], "the keys whose figures are not exact"]]
    bound: NotRequired[Annotated[str, "why this layer makes its field an upper bound"]]
    uncounted: NotRequired[Annotated[str, "why its MACs are missing from the totals"]]
    unproductive: NotRequired[Annotated[bool, "true where what it reads already sees more than the image"]]
    units: NotRequired[Annotated[Sequence[UnitData], "--at: the units that were traced"]]
    cost: NotRequired[Annotated[int, "--convention: its cost as that tool counts"]]
    adds: NotRequired[Annotated[Sequence[float], "--why: pixels that it adds to the field, per axis"]]
    erf_sigma: NotRequired[Annotated[Sequence[float], "--erf: sigma of its effective field, per axis"]]
    masks: NotRequired[
        Annotated[
            Sequence[Sequence[Sequence[Sequence[tuple[int, int]]]]],
            "--mask: for each unit the pixels it reads, a union of products of one list of runs [first, last] per axis",
        ]
    ]


class TotalsData(TypedDict):
    """The figures of the network."""

    dtype_bytes: Annotated[int, "bytes of a number in the memory figures"]
    optimizer: Annotated[str, "what training_memory_bytes is reckoned with"]
    approximate: NotRequired[Annotated[Sequence[str], "the keys whose figures are not exact"]]
    uncounted_layers: NotRequired[Annotated[Sequence[str], "layers whose MACs are missing from the totals"]]


class ConventionData(TypedDict):
    """The cost as another tool counts."""

    name: Annotated[str, "the tool"]
    total: Annotated[int, "what it says of the network"]


class ShareData(TypedDict):
    """What one layer of a critical path adds."""

    layer: Annotated[str, "the layer"]
    adds: Annotated[float, "pixels that it adds"]
    before: Annotated[float, "of them on the side of lower indices; negative where padding moves the window past the unit"]
    after: Annotated[float, "of them on the other side, likewise"]


class AxisData(TypedDict):
    """The critical path of one axis."""

    axis: Annotated[int, "the axis, from 0"]
    unit: Annotated[Sequence[int], "the unit with the largest field"]
    size: Annotated[int, "size of its field: 1 + what the layers add"]
    path: Annotated[Sequence[ShareData], "the layers of the path, from the input on"]


class WhyData(TypedDict):
    """What sets the field of a layer."""

    layer: Annotated[str, "the layer"]
    axes: Annotated[Sequence[AxisData], "its critical path per axis"]


class MarginalData(TypedDict):
    """The energy of a unit's gradient along one axis."""

    start: Annotated[int, "first pixel"]
    shares: Annotated[Sequence[float], "share of each pixel from there on; they sum to 1"]


class ErfData(TypedDict):
    """The effective receptive field of a layer under random weights."""

    layer: Annotated[str, "the layer"]
    unit: Annotated[Sequence[int], "its unit"]
    marginals: Annotated[Sequence[MarginalData | None], "per axis; null where nothing local is read"]


class NetworkData(TypedDict):
    """A network and its layers."""

    name: Annotated[str, "the network's name"]
    source: Annotated[str, "the file, or what else it was read from"]
    input: Annotated[ShapeData, "shape of the (first) input"]
    inputs: NotRequired[Annotated[Mapping[str, ShapeData], "shapes of the inputs by name, where there are several"]]
    totals: Annotated[TotalsData, "figures of the network"]
    outputs: Annotated[Sequence[str], "names of the outputs"]
    last_spatial: Annotated[str | None, "name of the last layer that is still a map"]
    not_followed: NotRequired[Annotated[str, "what of the program is not analysed, because it depends on values, and why"]]
    convention: NotRequired[Annotated[ConventionData, "--convention"]]
    why: NotRequired[Annotated[WhyData, "--why"]]
    erf: NotRequired[Annotated[ErfData, "--erf"]]
    layers: Annotated[Sequence[LayerData], "the layers, or those that --layer names"]
