"""Interpolation of maps."""

from __future__ import annotations

from typing import Any

from rfcalc.importers.programs.axes import as_map
from rfcalc.importers.programs.maps import one, placed
from rfcalc.importers.programs.program import Program, Tensor, UnfollowedError


def upsample(program: Program, tensor: Tensor, rank: int, settings: dict[str, Any], word: str = "upsample") -> Tensor:
    """Interpolation; `scale` or `size` has one number per axis."""
    found = as_map(program, tensor, rank)
    if found.extra and word == "resample":
        raise UnfollowedError("interpolates maps whose positions lie in the batch")
    sizes = program.shape(found.tensor).size[: found.extra]
    kept: dict[str, tuple[Any, ...]] = {"scale": (1.0,) * found.extra, "size": sizes}
    plain = {
        name: one([*kept.get(name, ()), *value]) if isinstance(value, tuple) else value for name, value in settings.items()
    }
    return placed(program, found, program.add(word, [found.tensor], **plain))
