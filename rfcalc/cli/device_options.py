"""How a network is run, as every command that runs one takes it."""

from __future__ import annotations

from typing import Annotated

import typer

from rfcalc.backends.timing.words import DEVICES, DTYPES, MEMORY_FORMATS
from rfcalc.cli import complete

Device = Annotated[
    str,
    typer.Option(
        "--device",
        "-d",
        metavar="DEVICE",
        autocompletion=complete.one_of(lambda: DEVICES),
        help="cpu, cuda or cuda:N; auto is CUDA where there is a GPU.",
    ),
]
Batch = Annotated[int, typer.Option("--batch", "-b", metavar="N", min=1, help="Batch size.")]
Dtype = Annotated[
    str,
    typer.Option(
        "--dtype", metavar="DTYPE", autocompletion=complete.one_of(lambda: DTYPES), help="fp32, tf32, bf16, fp16 or fp64."
    ),
]
MemoryFormat = Annotated[
    str,
    typer.Option(
        "--memory-format",
        metavar="LAYOUT",
        autocompletion=complete.one_of(lambda: MEMORY_FORMATS),
        help="contiguous or channels_last.",
    ),
]
