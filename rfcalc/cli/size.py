"""`rfcalc size`, hidden: what `rfcalc design` and `rfcalc resize` were when they were one command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperCommand

SAYS = {
    "design": '"rfcalc size" without a SPEC is now "rfcalc design" (and with one "rfcalc resize SPEC")',
    "resize": '"rfcalc size SPEC" is now "rfcalc resize SPEC" (and without one "rfcalc design")',
}


def meant(words: Sequence[str], command: Callable[[str], Any], parent: typer.Context) -> str:
    """The command that the words after `size` are for: resize if one of them is a SPEC. Says so on standard error."""
    params = {param.name: param for name in SAYS for param in command(name).params}
    both = TyperCommand("size", params=list(params.values()))
    context = both.make_context("size", list(words), parent=parent, resilient_parsing=True)
    name = "resize" if context.params["spec"] else "design"
    typer.echo(SAYS[name], err=True)
    return name
