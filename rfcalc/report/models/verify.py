"""What `rfcalc verify` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypedDict


class ClaimData(TypedDict):
    """One figure of the analysis, and what torch says."""

    what: Annotated[str, "the figure"]
    stated: Annotated[str, "what the analysis says"]
    measured: Annotated[str, "what torch says"]
    ok: Annotated[bool | None, "whether they agree; null where it could not be checked"]
    detail: Annotated[str, "the first difference, or why it could not be checked"]
    how: Annotated[str, "how it was measured"]


class ProofData(TypedDict):
    """The analysis of a network against torch."""

    name: Annotated[str, "the network's name"]
    source: Annotated[str, "the file, or what else it was read from"]
    runs: Annotated[str, "own: somebody's own module; built: the module that is built of the layers"]
    verified: Annotated[bool, "true if no claim is wrong"]
    claims: Annotated[Sequence[ClaimData], "the claims"]
