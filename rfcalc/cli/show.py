"""`rfcalc show`: the expanded spec."""

from __future__ import annotations

from typing import Annotated

import typer

from rfcalc.cli.common import Given, Spec, networks, write


@networks
def show(
    spec: Spec,
    output: Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file instead.")] = None,
    *,
    given: Given,
) -> None:
    """Print the spec with every block, repeat and expression worked out: one explicit layer per line.

    Example:

      rfcalc show resnet50.yaml -s depth=101
    """
    from rfcalc.language.writer import expanded

    text = expanded(given.load(spec))
    if output:
        write(output, text)
    else:
        print(text, end="")
