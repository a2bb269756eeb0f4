"""`rfcalc profile`: the measured time of each layer against what the device could do at best."""

from __future__ import annotations

from typing import Annotated

from rfcalc.backends.timing.words import DTYPES, MEMORY_FORMATS
from rfcalc.cli.common import Format, LoadOptions, Rebuilt, Spec, choice, networks, show, subjects
from rfcalc.cli.declared import option
from rfcalc.cli.device_options import Batch, Device, Dtype, MemoryFormat
from rfcalc.cli.writing import Force, Png, write


@networks
def profile(
    spec: Spec,
    device: Device = "auto",
    batch: Batch = 1,
    dtype: Dtype = "fp32",
    memory_format: MemoryFormat = "contiguous",
    seconds: Annotated[float, option("--seconds", metavar="S", min=0.01, help="How long to measure.")] = 2.0,
    top: Annotated[int, option("--top", metavar="N", min=1, help="How many layers to show.")] = 15,
    png: Png = None,
    force: Force = False,
    rebuilt: Rebuilt = False,
    format: Format = "table",
    *,
    given: LoadOptions,
) -> None:
    """Measure each layer, and set it against the least time that the device's own copy bandwidth, matrix product rate
    and call overhead allow; say whether the network is bound by launches, memory or compute.

    Examples:

      rfcalc profile resnet50.yaml --batch 32 --dtype bf16

      rfcalc profile mobilenet_v2.yaml --device cpu --png roofline.png
    """
    from rfcalc.backends.optional import require
    from rfcalc.formats import FORMATS

    choice(format, FORMATS, "--format")
    require("torch", "torch")
    if png:
        require("matplotlib", "plot")
    from rfcalc.backends.timing import cases
    from rfcalc.backends.timing.environment import environment
    from rfcalc.backends.timing.latency import attempted
    from rfcalc.backends.timing.profile import profile as measure
    from rfcalc.backends.torch.subject import running
    from rfcalc.reports.profile import profile_report

    place = cases.usable_device(device)
    choice(dtype, DTYPES, "--dtype")
    choice(memory_format, MEMORY_FORMATS, "--memory-format")
    (network,) = subjects([given.load(spec)], rebuilt)
    case = cases.Case(place, batch, dtype, memory_format, "eager")
    with running([network]):
        result = attempted(case, lambda: measure(network, case, seconds))
    if png:
        from rfcalc.backends.pictures.roofline import roofline_png

        write(png, roofline_png(result), force)
    show([profile_report(result, top, environment(place))], format)
