"""`rfcalc erf`: the effective receptive field, measured on the built network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from rfcalc.cli.common import Format, LoadOptions, Rebuilt, Spec, choice, networks, show, subjects
from rfcalc.cli.declared import option
from rfcalc.cli.device_options import Device
from rfcalc.cli.writing import Force, Png, write

if TYPE_CHECKING:
    from rfcalc.backends.proof.effective import Effective


@networks
def erf(
    spec: Spec,
    layer: Annotated[str | None, option("--layer", "-l", metavar="GLOB", help="Which layer; the last map.")] = None,
    trained: Annotated[
        str | None,
        option("--trained", metavar="CHECKPOINT", help="Weights: .safetensors, or a state_dict by torch.save."),
    ] = None,
    samples: Annotated[int, option("--samples", metavar="N", min=1, help="How many gradients to average.")] = 10,
    seed: Annotated[int, option("--seed", metavar="N", min=0, help="For weights and inputs.")] = 0,
    device: Device = "auto",
    png: Png = None,
    force: Force = False,
    rebuilt: Rebuilt = False,
    format: Format = "table",
    *,
    given: LoadOptions,
) -> None:
    """Measure how much each pixel influences the centre unit of a layer (Luo 2016), with random or trained weights.

    A checkpoint is read as tensors only: a file that would run code is refused.

    Examples:

      rfcalc erf resnet50.yaml --png erf.png

      rfcalc erf my-net.yaml --trained weights.safetensors --layer layer3.5.relu
    """
    from rfcalc.backends.optional import require
    from rfcalc.formats import FORMATS

    choice(format, FORMATS, "--format")
    require("torch", "torch")
    if png:
        require("matplotlib", "plot")
    from rfcalc.backends.proof.effective import effective_field
    from rfcalc.backends.timing.cases import usable_device
    from rfcalc.backends.torch.checkpoint import read_checkpoint
    from rfcalc.backends.torch.subject import running
    from rfcalc.errors import fail
    from rfcalc.graph import layers_like
    from rfcalc.reports.erf import erf_report

    place = usable_device(device)
    graph = given.load(spec)
    index = graph.last_spatial if layer is None else layers_like(graph, layer)[-1]
    if index is None:
        raise fail("E120", f"{graph.name}: no layer is a map; choose one with --layer")
    tensors = read_checkpoint(trained) if trained else None
    measured = subjects([graph], rebuilt)
    with running(measured):
        field = effective_field(measured[0], index, samples, seed, place, tensors)
    if png:
        write(png, _drawn(field), force)
    show([erf_report(field, trained)], format)


def _drawn(field: Effective) -> bytes:
    """The measured map as PNG."""
    from rfcalc.analyses.erf_map import EnergyMap
    from rfcalc.backends.pictures.axes import energy_axes
    from rfcalc.backends.pictures.png import png

    energy = field.energy.numpy()
    title = f"{field.graph.nodes[field.layer].name}: effective field, {field.weights.partition(',')[0]} weights"
    return png(lambda ax: energy_axes(EnergyMap((0,) * energy.ndim, energy), energy.shape, title, ax))
