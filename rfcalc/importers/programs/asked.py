"""The input shapes that are asked for with `--input`, for programs whose inputs have names."""

from __future__ import annotations

import re

from rfcalc.errors import fail
from rfcalc.relations.shape import Shape

SHAPE = re.compile(r"\d{1,9}(x\d{1,9})*")


def asked_shapes(text: str) -> dict[str, Shape]:
    """3x224x224, or left=3x64x64,right=3x64x64; the name "" stands for every input. Raises SpecError."""
    found = {}
    for part in text.split(","):
        name, _, shape = part.rpartition("=")
        shape = shape.strip()
        if not SHAPE.fullmatch(shape) or "0" in shape.split("x"):
            raise fail("E402", f"{text[:80]!r} is no input shape", hint="channels and sizes, such as 3x224x224")
        channels, *size = map(int, shape.split("x"))
        found[name.strip()] = Shape(channels, tuple(size))
    return found
