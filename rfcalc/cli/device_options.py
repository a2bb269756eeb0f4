"""How a network is run, as every command that runs one takes it."""

from __future__ import annotations

from typing import Annotated

from rfcalc.backends.timing.words import DEVICES, DTYPES, MEMORY_FORMATS
from rfcalc.cli import complete
from rfcalc.cli.declared import option

Device = Annotated[
    str,
    option(
        "--device",
        "-d",
        metavar="DEVICE",
        autocompletion=complete.one_of(lambda: DEVICES),
        help="cpu, cuda or cuda:N; auto is CUDA where there is a GPU.",
    ),
]
Batch = Annotated[int, option("--batch", "-b", metavar="N", min=1, help="Batch size.")]
Dtype = Annotated[
    str,
    option("--dtype", metavar="DTYPE", autocompletion=complete.one_of(lambda: DTYPES), help="fp32, tf32, bf16, fp16 or fp64."),
]
MemoryFormat = Annotated[
    str,
    option(
        "--memory-format",
        metavar="LAYOUT",
        autocompletion=complete.one_of(lambda: MEMORY_FORMATS),
        help="contiguous or channels_last.",
    ),
]
