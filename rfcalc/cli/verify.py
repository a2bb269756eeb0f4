"""`rfcalc verify`: the analysis of a spec against the network itself, built in torch."""

from __future__ import annotations

from typing import Annotated

from rfcalc.cli.common import Format, Layers, LoadOptions, Rebuilt, Specs, answer, choice, networks, subjects
from rfcalc.cli.declared import option


@networks
def verify(
    specs: Specs,
    layer: Layers = None,
    units: Annotated[int, option("--units", metavar="N", min=1, help="How many units of each layer to trace.")] = 6,
    seed: Annotated[int, option("--seed", metavar="N", help="For the units that are drawn at random.")] = 0,
    rebuilt: Rebuilt = False,
    format: Format = "table",
    *,
    given: LoadOptions,
) -> None:
    """Build the network in torch and check every figure: shapes, parameters, MACs, and receptive fields by autograd.

    A torch model is checked itself: its parameters and MACs module by module, the numbers that it gives against those of
    the network that is built of its layers, and fields by its own gradients. What cannot be checked is said.

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
    from rfcalc.backends.proof.verify import verify_network
    from rfcalc.backends.torch.subject import running
    from rfcalc.reports.verify import verify_report

    graphs, errors = given.load_all(specs)
    asked = subjects(graphs, rebuilt)
    with running(asked):
        proofs = [(network, verify_network(network, layer or (), units, seed)) for network in asked]
    answer([verify_report(network, claims) for network, claims in proofs], format, specs, errors)
    if any(claim.ok is False for _, claims in proofs for claim in claims):
        raise SystemExit(1)
