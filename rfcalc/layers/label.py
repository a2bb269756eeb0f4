"""A layer in a few characters."""

from __future__ import annotations

from rfcalc.layers.contract import Op
from rfcalc.report.units import plain

SIGNS = {"stride": "/", "dilation": " d", "groups": " g", "scale": " x", "ratio": " x"}


def label(op: Op) -> str:
    """The word, and those of its settings that tell most: "conv 3x3/2 d2 g32"."""
    text = op.word
    for name, value in op.settings.items():
        if name == "kernel":
            text += f" {value}x{value}" if isinstance(value, int) else " " + "x".join(map(str, value))
        elif name in SIGNS and value not in (None, 1) and not (name == "scale" and isinstance(value, tuple)):
            text += SIGNS[name] + (",".join(map(plain, value)) if isinstance(value, tuple) else plain(value))
    return text
