"""What `rfcalc erf` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypedDict


class EffectiveData(TypedDict):
    """The measured effective field of a layer's centre unit."""

    name: Annotated[str, "the network's name"]
    runs: Annotated[str, "own: somebody's own module; built: the module that is built of the layers"]
    layer: Annotated[str, "the layer"]
    unit: Annotated[Sequence[int], "its unit"]
    weights: Annotated[str, "where the weights come from"]
    samples: Annotated[int, "gradients that were averaged"]
    sigma: Annotated[Sequence[float], "standard deviation of the squared gradient, in pixels per axis"]
    sigma_random_weights: Annotated[Sequence[float] | None, "the same in theory, under random weights"]
    receptive_field: Annotated[Sequence[int] | None, "the exact field; null where every path is global"]
    effective_pixels: Annotated[int, "pixels whose gradient is at least 4.55 % of the largest"]
    image: Annotated[Sequence[int], "size of the image"]
