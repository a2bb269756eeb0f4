"""A layer in a few characters."""

from __future__ import annotations

from rfcalc.layers.contract import Op
from rfcalc.report.units import plain

UNMARKED_MODE = "zeros"  # of padding
SIGNS = {"stride": "/", "dilation": " d", "groups": " g", "scale": " x", "ratio": " x"}


def label(op: Op, rank: int) -> str:
    """The word, and those of its settings that say most: "conv 3x3/2 d2 g32" on 2 axes, "conv 3/2 d2 g32" on one."""
    text = op.word
    for name, value in op.settings.items():
        if name == "kernel":
            numbers = value if isinstance(value, tuple) else (value,) * (rank if op.sliding else 1)
            text += " " + "x".join(map(str, numbers))
        elif name == "mode" and value != UNMARKED_MODE:
            text += f" {value}"
        elif name in SIGNS and value not in (None, 1) and not (name == "scale" and isinstance(value, tuple)):
            text += SIGNS[name] + (",".join(map(plain, value)) if isinstance(value, tuple) else plain(value))
    return text
