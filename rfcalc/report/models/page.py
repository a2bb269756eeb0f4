"""What `rfcalc report --format json` prints: the data of the page. Layers are columns, one entry per layer, and what many of
them share is said once and meant by its place in a list.

The field of any unit follows from `fields`. Of a unit's layer each term of the support is one product of sets, one per axis. On
an axis, unit i reads `spans[i % period]`, moved by (i // period) * advance, or `spans[i]` where `units` is given; the bits of
its hole mask count from its first index. What lies beyond the image is cut off. A term with an axis on which the unit reads
nothing is left out, and so is one on whose axis it is not `certified`, unless the support is `uncertain`. The box is that
around all terms and extents; the positions are the union of them all, and hold where the unit is `exact` in each of the terms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, NotRequired, TypedDict

from rfcalc.report.findings import SEVERITIES


class InputData(TypedDict):
    """An input of the network."""

    name: Annotated[str, "its name"]
    channels: Annotated[int, "its channels"]
    size: Annotated[Sequence[int], "its size, one number per spatial axis"]


class CardData(TypedDict):
    """A figure of the network as text."""

    label: Annotated[str, "what it is"]
    text: Annotated[str, "the figure with its unit"]
    note: NotRequired[Annotated[str, "what is meant by it, or what it comes from"]]


class BudgetData(TypedDict):
    """A limit and whether the network keeps it."""

    name: Annotated[str, "the figure, after a glob of layers if it is of layers"]
    text: Annotated[str, "the limit"]
    ok: Annotated[bool | None, "whether it is kept; null where there is nothing to compare with"]


class PlacedFindingData(TypedDict):
    """A finding of the rules."""

    code: Annotated[str, "its code"]
    name: Annotated[str, "the code in words"]
    severity: Annotated[str, "how severe it is", SEVERITIES]
    message: Annotated[str, "what was found"]
    hint: Annotated[str, "how to mend it; empty where nothing is known"]
    layers: Annotated[Sequence[int], "the layers that it is about"]
    place: Annotated[str, "file:line:column, as far as it is known"]


class WordData(TypedDict):
    """What a layer does."""

    word: Annotated[str, "its word in the spec language"]
    text: Annotated[str, "the word with the settings that say most"]


class LayersData(TypedDict):
    """The layers in order of execution, network inputs included: each list has one entry per layer."""

    name: Annotated[Sequence[str], "full names"]
    part: Annotated[
        Sequence[int], "the first layer of those that the spec writes as one: a convolution, its norm and activation"
    ]
    op: Annotated[Sequence[int], "which of ops"]
    shape: Annotated[Sequence[int], "the shape of the output, which of shapes"]
    inputs: Annotated[Mapping[str, Sequence[int]], "what a layer reads, where that is not just the one before it"]
    support: Annotated[Sequence[int], "what its units see, which of fields.supports; -1 where they see nothing of the image"]
    field: Annotated[Sequence[int], "its field as text, which of rows; -1 for an input"]
    macs: Annotated[Sequence[int | None], "multiply-accumulates, batch 1; null where nobody can count them"]
    params: Annotated[Sequence[int], "learned numbers"]
    live: Annotated[Sequence[int], "bytes of the activations that are alive while it runs, batch 1"]
    time: NotRequired[Annotated[Sequence[float | None], "milliseconds; 0 if timed with an earlier one, null if not at all"]]


class RowsData(TypedDict):
    """Fields as the table shows them: each list has one entry per field."""

    field: Annotated[Sequence[str], "its size in pixels"]
    stride: Annotated[Sequence[str], "input pixels from one unit to the next"]
    note: Annotated[Sequence[int], "what else is to be said of it, which of notes; -1 for nothing"]
    sigma: Annotated[
        Sequence[Sequence[float] | None], "sigma of the effective field under random weights; one if axes are alike"
    ]


class ReadData(TypedDict):
    """What units of a layer read on one axis."""

    period: NotRequired[Annotated[int, "units after which the spans repeat; absent: as many as there are spans"]]
    advance: Annotated[int, "pixels that they have moved by then"]
    spans: Annotated[Sequence[tuple[int, int] | None], "first and last index of each unit of a period; null reads nothing"]
    holes: NotRequired[
        Annotated[Sequence[str | None], "for each span, which of its indices are read, as the bits of a hexadecimal; null: all"]
    ]
    units: NotRequired[Annotated[int, "there are no other units than these, each with a span of its own"]]


class TermData(TypedDict):
    """A product of sets, one per axis."""

    axes: Annotated[Sequence[int], "which of fields.axes, per axis"]
    certified: NotRequired[
        Annotated[Sequence[tuple[int, int] | None], "first and last unit for which the box holds, per axis; absent: all"]
    ]
    exact: NotRequired[
        Annotated[
            Sequence[tuple[int, int] | None],
            "first and last unit for which each position in the box holds; absent: those that are certified",
        ]
    ]
    channels: NotRequired[Annotated[str, "the layer's channels that see it, as the bits of a hexadecimal; absent: all"]]


class ExtentData(TypedDict):
    """What all units see by a global layer."""

    box: Annotated[Sequence[tuple[int, int]], "first and last index per axis, inclusive"]
    channels: NotRequired[Annotated[str, "the layer's channels that see it, as the bits of a hexadecimal; absent: all"]]


class SupportData(TypedDict):
    """What the units of a layer see."""

    terms: Annotated[Sequence[TermData], "products of sets, whose union it is"]
    extents: NotRequired[Annotated[Sequence[ExtentData], "what global paths see"]]
    uncertain: NotRequired[Annotated[bool, "true where a unit sees at most this, and perhaps less"]]
    holes: NotRequired[Annotated[bool, "true where the extents may have holes"]]
    bound: NotRequired[Annotated[bool, "true where the box is one that nothing outside is read of, and perhaps less"]]


class SeenData(TypedDict):
    """What one unit sees, where that does not follow from the support."""

    unit: Annotated[Sequence[int], "its position"]
    box: Annotated[Sequence[tuple[int, int]] | None, "first and last index per axis; null for a unit that reads padding only"]
    mask: Annotated[
        Sequence[Sequence[Sequence[tuple[int, int]]]],
        "the positions read: a union of products of one list of runs [first, last] per axis",
    ]


class FieldsData(TypedDict):
    """What every unit of every layer sees of the image."""

    image: Annotated[Sequence[int], "size of the image"]
    axes: Annotated[Sequence[ReadData], "what units read on an axis"]
    supports: Annotated[Sequence[SupportData], "what units see"]
    units: Annotated[Mapping[str, Sequence[SeenData]], "some units of layers whose support is not certain, by the layer"]


class MeansData(TypedDict):
    """How far from the middle of a unit's box, uncut, the mean of its energy lies, in pixels."""

    axes: Annotated[Sequence[Sequence[float]], "what layers have on an axis: unit i is entry i % length"]
    of: Annotated[Mapping[str, Sequence[int]], "for each layer that has any, which of axes, per axis"]


class MemoryData(TypedDict):
    """Memory over time: `layers.live`."""

    peak: Annotated[int | None, "the layer that runs at the peak; null where that is not known"]
    bytes: Annotated[int, "the peak"]
    about: Annotated[bool, "whether that is not certain"]


class ObjectData(TypedDict):
    """A size of objects."""

    name: Annotated[str, "which objects"]
    size: Annotated[Sequence[float], "pixels of the input, per axis"]


class EnsembleData(TypedDict):
    """The paths from the input: to the last layer by their length, to the layer to look at by what each of them sees."""

    lengths: Annotated[Sequence[tuple[int, int, float, str]], "first and last number of weighted layers, share of paths, count"]
    fields: Annotated[Sequence[tuple[int, int, float, str]], "first and last number of pixels on the first axis, share, count"]
    count: Annotated[str, "how many paths there are"]


class PageData(TypedDict):
    """A network."""

    kind: Annotated[str, "network"]
    title: Annotated[str, "the network's name"]
    source: Annotated[str, "the file that it comes from"]
    command: Annotated[str, "the command that made the page; empty for none"]
    inputs: Annotated[Sequence[InputData], "its inputs"]
    source_input: Annotated[int, "the input that fields are measured on"]
    outputs: Annotated[Sequence[int], "the layers that are outputs"]
    chosen: Annotated[int | None, "the layer to look at first; null for none"]
    cards: Annotated[Sequence[CardData], "figures of the network"]
    budgets: Annotated[Sequence[BudgetData], "its limits"]
    findings: Annotated[Sequence[PlacedFindingData], "what the rules have found"]
    pages: Annotated[Mapping[str, str], "the page of each code that was found, as Markdown"]
    layers: Annotated[LayersData, "the layers"]
    ops: Annotated[Sequence[WordData], "what layers do"]
    shapes: Annotated[Sequence[tuple[int, Sequence[int]]], "channels and size of outputs"]
    rows: Annotated[RowsData, "fields as text"]
    notes: Annotated[Sequence[str], "what is said of fields"]
    dtype_bytes: Annotated[int, "bytes of a number: the bytes of an output are its elements times that"]
    lead: Annotated[
        Mapping[str, Sequence[int]],
        "what sets the box of a layer, where that is not its first input: one layer, or for each axis that of the first and of "
        "the last pixel; none where the critical path ends",
    ]
    lead_differs: NotRequired[Annotated[Sequence[int], "layers in which other units or channels have another lead"]]
    fields: Annotated[FieldsData, "what units see"]
    means: NotRequired[
        Annotated[MeansData, "where the effective fields of layers lie; absent where all are in the middle of their boxes"]
    ]
    memory: Annotated[MemoryData, "memory over time"]
    paths: NotRequired[Annotated[EnsembleData, "the paths from the input; absent where they cannot be counted"]]
    objects: Annotated[Sequence[ObjectData], "what is to be found in the images, as a square of its longer side, or a box"]
    image: NotRequired[Annotated[str, "--image: a picture as a data URL"]]


class SideData(TypedDict):
    """A layer of one of two networks."""

    op: Annotated[str, "what it does"]
    shape: Annotated[str, "the shape of its output"]
    field: Annotated[str, "its field, in pixels"]
    macs: Annotated[int | None, "multiply-accumulates; null where nobody can count them"]
    params: Annotated[int, "learned numbers"]


class PairData(TypedDict):
    """A layer before and after."""

    name: Annotated[str, "its name"]
    state: Annotated[str, "how it differs", ("same", "changed", "added", "removed")]
    before: Annotated[SideData | None, "the layer before; null where there is none"]
    after: Annotated[SideData | None, "and after"]


class ChangeCardData(TypedDict):
    """A figure of two networks as text."""

    label: Annotated[str, "what it is"]
    before: Annotated[str, "the figure before"]
    after: Annotated[str, "and after"]
    change: Annotated[str, "by how much it changed; empty where it did not, or where that cannot be said"]


class ComparePageData(TypedDict):
    """Two networks, merged by the names of their layers."""

    kind: Annotated[str, "compare"]
    title: Annotated[str, "both names"]
    command: Annotated[str, "the command that made the page; empty for none"]
    before: Annotated[str, "the network before"]
    after: Annotated[str, "the network after"]
    cards: Annotated[Sequence[ChangeCardData], "figures of both"]
    rows: Annotated[Sequence[PairData], "the layers, in the order of the network after; what is gone stands where it was"]


class ColumnData(TypedDict):
    """A figure of a front."""

    key: Annotated[str, "its key in the JSON that was read"]
    title: Annotated[str, "what it is called"]
    unit: Annotated[str, "its unit; empty for none"]
    better: Annotated[str | None, "low or high, whichever is better; null where none is"]


class FrontPageData(TypedDict):
    """Designs, changes or networks by their figures."""

    kind: Annotated[str, "front"]
    title: Annotated[str, "what they are"]
    command: Annotated[str, "the command that made the page; empty for none"]
    columns: Annotated[Sequence[ColumnData], "the figures; the first column is a name"]
    rows: Annotated[Sequence[Sequence[str | float | None]], "one for each, with an entry for each column; null: it has none"]
    commands: Annotated[Sequence[str], "for each row how it is made; empty where that is not known"]
    front: Annotated[Sequence[bool], "for each row whether no other one beats it"]
