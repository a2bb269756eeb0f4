"""The input shapes that are asked for with `--input`, for programs whose inputs have names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rfcalc.errors import RuleError, fail
from rfcalc.language import shapes as shapes_of
from rfcalc.relations.shape import Shape

BATCHED = re.compile(r"\(unbatched\) or (\d)D \(batched\)")  # what torch says of a tensor with too many or too few axes
CHANNELS = re.compile(r"input\[([\d, ]+)\] to have (\d+) channels")


def asked_shapes(text: str) -> dict[str, Shape]:
    """3x224x224, or left=3x64x64,right=3x64x64; the name "" stands for every input. Raises SpecError."""
    try:
        return shapes_of.asked_shapes(text)
    except RuleError as error:
        raise fail("E402", str(error), hint="channels and sizes, such as 3x224x224") from None


def meant_by(shapes: Mapping[str, Shape], said: str) -> str:
    """What was probably meant by the shapes of the inputs of a torch model, from what torch says of them; or ""."""
    batched, channels = BATCHED.search(said), CHANNELS.search(said)
    for name, shape in shapes.items():
        if batched and (hint := shapes_of.meant(shape, None, int(batched[1]) - 2, name)):
            return hint
        read = channels[1].split(", ") if channels else []
        if channels and "x".join(read).endswith(f"x{shape}"):
            hint = shapes_of.meant(shape, int(channels[2]), len(read) - 2, name)
            return hint or f"the model reads {channels[2]} channels: --input {Shape(int(channels[2]), shape.size)}"
    return ""
