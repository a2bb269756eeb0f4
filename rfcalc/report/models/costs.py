"""What `rfcalc explain-cost` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, TypedDict


class TermData(TypedDict):
    """One kind of operation."""

    kind: Annotated[str, "its name"]
    meaning: Annotated[str, "what one of them is"]
    count: Annotated[int, "how many there are"]
    amounts: Annotated[Mapping[str, int], "what each tool counts for them"]
    layers: Annotated[Sequence[str], "the layers that do them"]


class CostsData(TypedDict):
    """What each tool counts of a network."""

    name: Annotated[str, "the network's name"]
    source: Annotated[str, "the file, or what else it was read from"]
    totals: Annotated[Mapping[str, int], "what each tool says"]
    terms: Annotated[Sequence[TermData], "the kinds of operations"]
