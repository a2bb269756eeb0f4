"""A claim: one figure that the analysis states, and what torch says."""

from __future__ import annotations

from rfcalc.graph import Node
from rfcalc.record import record


@record
class Claim:
    """One figure of the analysis and what torch says. `ok` is None if it could not be checked; `detail` says why, or
    what the first difference is; `how` says how it was measured."""

    what: str
    stated: str
    measured: str
    ok: bool | None
    detail: str = ""
    how: str = ""


def where(node: Node) -> str:
    """A layer as a message names it: its op, its name and its line."""
    line = f" ({node.span.source}:{node.span.line})" if node.span else ""
    return f"{node.op.word} {node.name}{line}"
