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
    """The layers in order of execution, inputs included: each list has one entry per layer."""

    name: Annotated[Sequence[str], "full names"]
    part: Annotated[
        Sequence[int], "the first layer of those that the spec writes as one: a convolution, its norm and activation"
    ]
    op: Annotated[Sequence[int], "which of ops"]
    shape: Annotated[Sequence[int], "the shape of the output, which of shapes"]
    inputs: Annotated[Sequence[Sequence[int]], "the layers that it reads"]
    support: Annotated[Sequence[int], "what its units see, which of fields.supports; -1 where they see nothing of the image"]
    field: Annotated[Sequence[int], "its field as text, which of rows; -1 for an input"]
    macs: Annotated[Sequence[int | None], "multiply-accumulates, batch 1; null where nobody can count them"]
    params: Annotated[Sequence[int], "learned numbers"]
    bytes: Annotated[Sequence[int], "bytes of the output, batch 1"]
    live: Annotated[Sequence[int], "bytes of the activations that are alive while it runs, batch 1"]
    line: Annotated[Sequence[int | None], "its line in the source; null where there is none"]
    time: NotRequired[Annotated[Sequence[float | None], "measured, in milliseconds; null where it was not"]]


class RowData(TypedDict):
    """A field as the table shows it."""

    field: Annotated[str, "its size in pixels"]
    stride: Annotated[str, "input pixels from one unit to the next"]
    note: Annotated[str, "what else is to be said of it; empty for nothing"]


class ReadData(TypedDict):
    """What units of a layer read on one axis."""

    period: Annotated[int, "units after which the spans repeat"]
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


class MemoryData(TypedDict):
    """Memory over time: `layers.live`."""

    peak: Annotated[int | None, "the layer that runs at the peak; null where that is not known"]
    bytes: Annotated[int, "the peak"]
    about: Annotated[bool, "whether that is not certain"]


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
    ops: Annotated[Sequence[WordData], "what layers do"]
    shapes: Annotated[Sequence[tuple[int, Sequence[int]]], "channels and size of outputs"]
    rows: Annotated[Sequence[RowData], "fields as text"]
    layers: Annotated[LayersData, "the layers"]
    lead: Annotated[Sequence[int], "for each layer the one of its inputs with the largest field; -1 for none"]
    sigma: Annotated[
        Sequence[Sequence[float] | None], "for each layer the sigma of its effective field, per axis; null for none"
    ]
    fields: Annotated[FieldsData, "what units see"]
    memory: Annotated[MemoryData, "memory over time"]
