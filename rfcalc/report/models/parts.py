"""Objects that several commands print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypedDict


class ShapeData(TypedDict):
    """The shape of a tensor of one image."""

    channels: Annotated[int, "channels; of a vector its length"]
    size: Annotated[Sequence[int], "one number per spatial axis; empty for a vector"]


class ErrorData(TypedDict):
    """Why a network could not be read, or a question about it not be answered."""

    code: Annotated[str, "the error code; rfcalc explain CODE tells more"]
    message: Annotated[str, "what is wrong"]
    hint: Annotated[str, "how to mend it; empty where nothing is known"]
    file: Annotated[str | None, "the file; null where the problem is at no place of one"]
    line: Annotated[int | None, "line of the place, from 1"]
    column: Annotated[int | None, "column of the place, from 1"]


class ProblemData(TypedDict):
    """A line of jsonl for what could not be read or answered."""

    error: Annotated[ErrorData, "what is wrong"]
