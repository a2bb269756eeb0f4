"""`rfcalc max-batch`: the largest batch that fits."""

from __future__ import annotations

import re
from typing import Annotated

from rfcalc.backends.timing.words import DTYPES
from rfcalc.cli.common import Format, LoadOptions, Rebuilt, Spec, choice, networks, show, subjects, usage
from rfcalc.cli.declared import option
from rfcalc.cli.device_options import Device, Dtype

UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


@networks
def max_batch(
    spec: Spec,
    device: Device = "auto",
    dtype: Dtype = "fp32",
    memory: Annotated[str | None, option("--memory", metavar="BYTES", help="The budget, such as 8GiB; what is free.")] = None,
    reserve: Annotated[
        float, option("--reserve", metavar="SHARE", min=0, max=0.9, help="Share of the free memory to keep back.")
    ] = 0.1,
    rebuilt: Rebuilt = False,
    format: Format = "table",
    *,
    given: LoadOptions,
) -> None:
    """Find the largest batch that fits into memory at inference: predicted from the graph, then verified.

    On a GPU each try runs there. On the CPU tensors without memory are counted. Ends with
    exit code 1 if not even batch 1 fits.

    Examples:

      rfcalc max-batch resnet50.yaml --dtype bf16

      rfcalc max-batch unet.yaml --device cpu --memory 8GiB
    """
    from rfcalc.backends.optional import require
    from rfcalc.formats import FORMATS

    choice(format, FORMATS, "--format")
    require("torch", "torch")
    from rfcalc.backends.timing import cases
    from rfcalc.backends.timing import maxbatch as backend
    from rfcalc.backends.timing.latency import attempted
    from rfcalc.backends.torch.subject import running
    from rfcalc.reports.maxbatch import max_batch_report

    place = cases.usable_device(device)
    case = cases.Case(place, 1, choice(dtype, DTYPES, "--dtype"), "contiguous", "eager")
    (network,) = subjects([given.load(spec)], rebuilt)
    kept = reserve if memory is None else 0.0
    budget = int(backend.free_bytes(case) * (1 - reserve)) if memory is None else size(memory)
    with running([network]):
        result = attempted(case, lambda: backend.max_batch(network, case, budget))
    show([max_batch_report(network, case, result, budget, kept)], format)
    if not result.batch:
        raise SystemExit(1)


def size(text: str) -> int:
    """Bytes from "8GiB", "24 GB" or "1000000"; raises a usage error for anything else."""
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)\s*([kMGT]?i?)B?", text.strip())
    if not match or match[2] not in UNITS:
        raise usage(f"--memory takes bytes such as 8GiB or 24GB, not {text!r}")
    return int(float(match[1]) * UNITS[match[2]])
