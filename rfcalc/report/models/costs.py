"""What `rfcalc explain-cost` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, NotRequired, TypedDict


class TermData(TypedDict):
    """One kind of operation."""

    kind: Annotated[str, "its name"]
    meaning: Annotated[str, "what one of them is"]
    count: Annotated[int, "how many there are"]
    amounts: Annotated[Mapping[str, int], "what each tool counts for them"]
    layers: Annotated[Sequence[str], "the layers that do them"]


class ModuleCountData(TypedDict):
    """A module of which a tool measures something else than is stated."""

    module: Annotated[str, "its path; empty for what the network's own forward does"]
    stated: Annotated[int, "what is stated of it, without the modules inside"]
    measured: Annotated[int, "what the tool measures of it, likewise"]


class ToolCountData(TypedDict):
    """What a tool measures of a network."""

    tool: Annotated[str, "its name"]
    stated: Annotated[int, "the total by its convention"]
    measured: Annotated[int | None, "what it measures; null where it did not run"]
    cause: Annotated[str, "why it did not run, or why the two differ; empty where they are equal, or nobody knows"]
    modules: Annotated[Sequence[ModuleCountData], "where they differ, if the tool tells"]


class CostsData(TypedDict):
    """What each tool counts of a network."""

    name: Annotated[str, "the network's name"]
    source: Annotated[str, "the file, or what else it was read from"]
    totals: Annotated[Mapping[str, int], "what each tool says"]
    terms: Annotated[Sequence[TermData], "the kinds of operations"]
    tools: NotRequired[Annotated[Sequence[ToolCountData], "--run: what the tools measure"]]
