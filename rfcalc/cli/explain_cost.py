"""`rfcalc explain-cost`: why two tools disagree about a network."""

from __future__ import annotations

from typing import Annotated

import typer

from rfcalc.cli.common import MAX_LAYERS, Input, MaxLayers, Set, Specs, choice, finish, load_all, overrides, show


def explain_cost(
    specs: Specs,
    format: Annotated[str, typer.Option("--format", "-f", help="table, json, csv or markdown.")] = "table",
    set: Set = None,
    input: Input = None,
    max_layers: MaxLayers = MAX_LAYERS,
) -> None:
    """Every kind of operation in a network, how many there are, and how often each tool's "FLOPs" count one.

    Example:

      rfcalc explain-cost resnet50.yaml
    """
    from rfcalc.formats import FORMATS
    from rfcalc.reports.costs import cost_report

    choice(format, FORMATS, "--format")
    graphs, errors = load_all(specs, overrides(set, input), max_layers)
    if graphs:
        show([cost_report(graph) for graph in graphs], format)
    finish(errors)
