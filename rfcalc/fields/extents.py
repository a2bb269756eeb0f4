"""What paths through global layers see of the image: for sets of channels, the hull of all units that such a layer reads."""

from __future__ import annotations

from collections.abc import Sequence

from rfcalc.fields.certificate import Range, gapless
from rfcalc.fields.terms import SupportTerm

Box = tuple[Range, ...]
Extent = tuple[int, Box, bool]  # channels, what global paths see, whether it is certain that they see all of it


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds all of the boxes."""
    if len(boxes) == 1:
        return boxes[0]
    return tuple((min(axis[k][0] for axis in boxes), max(axis[k][1] for axis in boxes)) for k in range(len(boxes[0])))


def fills(term: SupportTerm) -> bool:
    """True if it is certain that the units of a term see, together, all of the box around them."""
    return all(map(gapless, term.axes, term.exact, term.certified))


def hulls(extents: Sequence[Extent]) -> tuple[tuple[tuple[int, Box], ...], bool]:
    """One box for each set of channels, and whether it is certain that none of these has a hole."""
    alike: dict[Box, tuple[int, bool]] = {}
    for channels, box, filled in extents:
        others, known = alike.get(box, (channels, filled))
        alike[box] = (others | channels, known or filled if others == channels else known and filled)
    joint: dict[int, list[Box]] = {}
    for box, (channels, _) in alike.items():
        joint.setdefault(channels, []).append(box)
    found = tuple((channels, around(boxes)) for channels, boxes in joint.items())
    return found, all(box in alike and alike[box][1] for _, box in found)
