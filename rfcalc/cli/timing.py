"""`rfcalc time`: latency, throughput and memory of one network, or of several side by side."""

from __future__ import annotations

from typing import Annotated

from rfcalc.backends.timing.words import DTYPES, MEMORY_FORMATS, MODES
from rfcalc.cli import complete
from rfcalc.cli.common import Format, LoadOptions, Rebuilt, Specs, choice, finish, networks, show, subjects, usage
from rfcalc.cli.declared import option
from rfcalc.cli.device_options import Device


@networks
def time(
    specs: Specs,
    device: Device = "auto",
    batch: Annotated[str, option("--batch", "-b", metavar="N,...", help="Batch sizes.")] = "1",
    dtype: Annotated[
        str,
        option(
            "--dtype",
            metavar="DTYPE,...",
            autocompletion=complete.some_of(lambda: DTYPES),
            help="fp32, tf32, bf16, fp16, fp64.",
        ),
    ] = "fp32",
    memory_format: Annotated[
        str,
        option(
            "--memory-format",
            metavar="LAYOUT,...",
            autocompletion=complete.some_of(lambda: MEMORY_FORMATS),
            help="contiguous, channels_last.",
        ),
    ] = "contiguous",
    mode: Annotated[
        str,
        option(
            "--mode",
            metavar="MODE,...",
            autocompletion=complete.some_of(lambda: MODES),
            help="eager, graph (a replayed CUDA graph), compile (torch.compile).",
        ),
    ] = "eager",
    seconds: Annotated[float, option("--seconds", metavar="S", min=0.01, help="How long to measure each row.")] = 2.0,
    warm_up: Annotated[float, option("--warm-up", metavar="S", min=0, help="Most seconds to wait until times settle.")] = 5.0,
    rebuilt: Rebuilt = False,
    format: Format = "table",
    *,
    given: LoadOptions,
) -> None:
    """Measure the latency of a forward pass: median, spread, throughput, memory, on the GPU or the CPU.

    Several networks are timed in turns and compared; where their intervals overlap the answer is "ambiguous".
    A row that fails (out of memory, an unsupported dtype) says so, and the rest goes on; exit code 1 if none is left. Ctrl-C
    prints what is done.

    Examples:

      rfcalc time resnet50.yaml --batch 1,8,32 --dtype fp32,bf16 --mode graph

      rfcalc time resnet50.yaml resnet101.yaml --device cpu
    """
    from rfcalc.backends.optional import require
    from rfcalc.formats import FORMATS

    choice(format, FORMATS, "--format")
    require("torch", "torch")
    from rfcalc.backends.timing import cases
    from rfcalc.backends.timing.environment import environment, gpu_state
    from rfcalc.backends.timing.latency import time_all
    from rfcalc.backends.torch.subject import running
    from rfcalc.reports.timing import timing_report

    place = cases.usable_device(device)
    dtypes = [choice(word, DTYPES, "--dtype") for word in dtype.split(",")]
    layouts = [choice(word, MEMORY_FORMATS, "--memory-format") for word in memory_format.split(",")]
    modes = [choice(word, MODES, "--mode") for word in mode.split(",")]
    rows = cases.grid(place, whole_numbers(batch, "--batch"), dtypes, layouts, modes)
    graphs, errors = given.load_all(specs)
    interrupted, failed = False, False
    if graphs:
        before = gpu_state(place)
        timed = subjects(graphs, rebuilt)
        with running(timed):
            timing = time_all(timed, rows, seconds, warm_up)
        interrupted, failed = timing.interrupted, not any(run.latency for run in timing.runs)
        show([timing_report(timing, environment(place), before, gpu_state(place))], format)
    finish(errors)
    if interrupted:
        raise SystemExit(130)
    if failed:
        raise SystemExit(1)


def whole_numbers(text: str, option: str) -> list[int]:
    """Positive whole numbers, separated by commas; raises a usage error for anything else."""
    parts = text.split(",")
    if not all(part.isascii() and part.isdigit() and 0 < int(part[:12]) <= 10**9 for part in parts):
        raise usage(f"{option} takes whole numbers such as 1,8,32, not {text!r}")
    return [int(part) for part in parts]
