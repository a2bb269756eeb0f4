"""`rfcalc verify`: the analysis of a spec against the network itself, built in torch."""

from __future__ import annotations

from typing import Annotated

import typer

from rfcalc.cli.common import Format, Layers, LoadOptions, Specs, answer, choice, networks


@networks
def verify(
    specs: Specs,
    layer: Layers = None,
    units: Annotated[int, typer.Option("--units", metavar="N", min=1, help="How many units of each layer to trace.")] = 6,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="For the units that are drawn at random.")] = 0,
    format: Format = "table",
    *,
    given: LoadOptions,
) -> None:
    """Build the network in torch and check every figure: shapes, parameters, MACs, and receptive fields by autograd.

    Fields are checked for the outputs, the last map, and the layers that --layer names, pixel by pixel, at the centre,
    corners and edges and at random units. Ends with exit code 1 if a claim does not hold.

    Examples:

      rfcalc verify resnet50.yaml

      rfcalc verify unet.yaml --layer 'enc*' --units 20
    """
    from rfcalc.backends.optional import require
    from rfcalc.formats import FORMATS

    choice(format, FORMATS, "--format")
    require("torch", "torch")
    from rfcalc.backends.proof.verify import verify_graph
    from rfcalc.reports.verify import verify_report

    graphs, errors = given.load_all(specs)
    proofs = [(graph, verify_graph(graph, layer or (), units, seed)) for graph in graphs]
    answer([verify_report(graph, claims) for graph, claims in proofs], format, specs, errors)
    if any(claim.ok is False for _, claims in proofs for claim in claims):
        raise typer.Exit(1)
