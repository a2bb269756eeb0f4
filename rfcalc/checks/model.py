"""What a rule is and what it finds, and what an error code is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.record import record


@record
class Hit:
    """What a rule says of one layer ("" for the network as a whole)."""

    layer: str
    message: str
    hint: str = ""


@record
class Rule:
    """A lint. `find` looks at one analysed network. `severity`: "warning" or "error". `default`: False where it is opt-in.

    The texts make the rule's page: `why` it matters, an `example` that fires, how to `mend` it, a `reference`.
    """

    code: str
    name: str
    summary: str
    why: str
    example: str
    mend: str
    reference: str
    find: Callable[[Analysis], Iterator[Hit]]
    severity: str = "warning"
    default: bool = True


@record
class ErrorCode:
    """Why something cannot be read, analysed or written: what the code `means` (a sentence), and how to `mend` it."""

    code: str
    name: str
    means: str
    mend: str
