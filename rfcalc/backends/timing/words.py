"""The words that say how a network runs; torch is not needed to know them."""

from __future__ import annotations

# word: the type's name in torch
DTYPES = {"fp32": "float32", "tf32": "float32", "bf16": "bfloat16", "fp16": "float16", "fp64": "float64"}
MEMORY_FORMATS = ("contiguous", "channels_last")
MODES = ("eager", "graph", "compile")
DEVICES = ("auto", "cpu", "cuda")
