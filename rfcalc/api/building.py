"""A graph in another form: as a module of torch, as the text of a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rfcalc.api.sources import load

if TYPE_CHECKING:
    from torch import nn

    from rfcalc.api.sources import Source


def to_torch(source: Source, *, seed: int | None = None) -> nn.Module:
    """The network as an nn.Module in training mode, with torch's own initialization (repeatable with a `seed`).

    Raises SpecError if torch is not installed, or if a layer has no form in torch.
    """
    from rfcalc.backends.optional import require

    require("torch", "torch")
    from rfcalc.backends.torch.build import to_torch as build

    return build(load(source), seed=seed)
