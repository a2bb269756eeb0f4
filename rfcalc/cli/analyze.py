"""`rfcalc analyze`: the figures of each layer, and the totals."""

from __future__ import annotations

from typing import Annotated

import typer

from rfcalc.cli.common import MAX_LAYERS, Input, Layers, MaxLayers, Set, Specs, choice, finish, load_all, overrides, show, unit


def analyze(
    specs: Specs,
    format: Annotated[str, typer.Option("--format", "-f", help="table, json, csv or markdown.")] = "table",
    set: Set = None,
    input: Input = None,
    layer: Layers = None,
    at: Annotated[
        list[str] | None, typer.Option("--at", metavar="Y,X", help="What does this unit see? Traced in each selected layer.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="One row per layer; do not fold repeated blocks.")] = False,
    max_layers: MaxLayers = MAX_LAYERS,
) -> None:
    """Output shape, receptive field, stride, MACs and parameters of each layer, and the totals.

    Examples:

      rfcalc analyze resnet50.yaml

      rfcalc analyze resnet50.yaml -s depth=101 --input 3x640x640

      rfcalc analyze unet.yaml --layer 'up*' --at 158,158

      rfcalc analyze my-net.yaml --format json | jq .totals
    """
    from rfcalc.analysis import analyze as run
    from rfcalc.formats import FORMATS
    from rfcalc.report import layer_report

    choice(format, FORMATS, "--format")
    units = [unit(text) for text in at or ()]
    graphs, errors = load_all(specs, overrides(set, input), max_layers)
    analyses = [run(graph, select=layer or (), at=units) for graph in graphs]
    for analysis in analyses:
        if layer and not analysis.selected:
            from rfcalc.errors import did_you_mean, fail

            names = [one.name for one in analysis.layers]
            errors.append(
                fail("E120", f"{analysis.graph.name}: no layer matches {', '.join(layer)}", None, did_you_mean(layer[0], names))
            )
    reports = [layer_report(analysis, full) for analysis in analyses if analysis.selected]
    if reports:
        show(reports, format)
    finish(errors)
