"""`rfcalc show`: the expanded spec."""

from __future__ import annotations

from typing import Annotated

import typer

from rfcalc.cli.common import MAX_LAYERS, Input, MaxLayers, Set, overrides, write


def show(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="A spec file, the name of a shipped network, or -.")],
    set: Set = None,
    input: Input = None,
    output: Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file instead.")] = None,
    max_layers: MaxLayers = MAX_LAYERS,
) -> None:
    """Print the spec with every block, repeat and expression worked out: one explicit layer per line.

    Example:

      rfcalc show resnet50.yaml -s depth=101
    """
    from rfcalc.importers import load
    from rfcalc.importers.writer import expanded

    text = expanded(load(spec, overrides(set, input), max_layers))
    if output:
        write(output, text)
    else:
        print(text, end="")
