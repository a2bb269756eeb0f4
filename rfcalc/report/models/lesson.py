"""What `rfcalc lesson` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypedDict


class ClaimData(TypedDict):
    """What a run shows."""

    say: Annotated[str, "the sentence"]
    that: Annotated[str, "the expression over the answers that must be true"]
    holds: Annotated[bool, "whether it is true"]
    figures: Annotated[Sequence[str], "the figures that it names, with their values"]


class LessonRunData(TypedDict):
    """A command and what its answer shows."""

    command: Annotated[str, "the whole command"]
    claims: Annotated[Sequence[ClaimData], "what the answer shows"]


class LessonData(TypedDict):
    """A lesson with its claims, each worked out."""

    name: Annotated[str, "the network that it is about"]
    title: Annotated[str, "the first line of its file"]
    text: Annotated[str, "what it is about"]
    holds: Annotated[bool, "whether all of its claims are true"]
    runs: Annotated[Sequence[LessonRunData], "its commands, in their order"]
