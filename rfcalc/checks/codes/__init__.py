"""Every error code: what it means and how to mend it. One room per part of the program that finds them."""

from __future__ import annotations

from functools import cache

from rfcalc.checks.codes.commands import COMMANDS
from rfcalc.checks.codes.networks import NETWORKS
from rfcalc.checks.codes.programs import PROGRAMS
from rfcalc.checks.codes.specs import SPECS
from rfcalc.checks.model import ErrorCode


@cache
def errors() -> dict[str, ErrorCode]:
    """The error codes, in their order."""
    every = (*SPECS, *NETWORKS, *PROGRAMS, *COMMANDS)
    return {one.code: one for one in sorted(every, key=lambda one: one.code)}
