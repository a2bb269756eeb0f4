"""Where the energy of a unit lies, as the page holds it: how far its mean is from the middle of the unit's box."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from rfcalc.analyses.erf import Moments, State
from rfcalc.analyses.receptive_field import Fields
from rfcalc.fields.field import Field

if TYPE_CHECKING:
    from rfcalc.report.models.page import MeansData

Offsets = tuple[float, ...]
CENTRED: Offsets = (0.0,)
Key = tuple[Moments, tuple[Field, ...], int]


def means(fields: Fields, states: Sequence[State]) -> MeansData | None:
    """The offsets of all layers that have one; None if every mean is where the box has its middle."""
    known: dict[Key, Offsets] = {}
    places: dict[Offsets, int] = {}
    of: dict[str, list[int]] = {}
    for i, (node, state) in enumerate(zip(fields.graph.nodes, states, strict=True)):
        terms = fields.supports[i].terms
        found = []
        for axis, (moments, units) in enumerate(zip(state or (), node.shape.size, strict=False)):
            key = (moments, tuple(dict.fromkeys(term.axes[axis] for term in terms)), units)
            if key not in known:
                known[key] = _offsets(*key)
            found.append(known[key])
        if any(offsets != CENTRED for offsets in found):
            of[str(i)] = [places.setdefault(offsets, len(places)) for offsets in found]
    return {"axes": list(places), "of": of} if of else None


def _offsets(moments: Moments, boxes: tuple[Field, ...], units: int) -> Offsets:
    """The offsets of the units of a layer on one axis, up to where they repeat; none of a unit that reads nothing."""
    rates = {box.rate if box.units is None else None for box in boxes}
    alike = moments.period and rates == {Fraction(moments.advance, moments.period)}
    count = min(units, lcm(moments.period, *(box.period for box in boxes))) if alike else units
    offsets = tuple(_offset(moments, boxes, unit) for unit in range(count))
    return offsets if any(x != offsets[0] for x in offsets) else offsets[:1] or CENTRED


def _offset(moments: Moments, boxes: tuple[Field, ...], unit: int) -> float:
    spans = [span for box in boxes if (span := box.at(unit)) is not None]
    mass, mean, _ = moments.at(unit)
    if not spans or not mass:
        return 0.0
    return round(mean - (min(span[0] for span in spans) + max(span[1] for span in spans)) / 2, 2) + 0.0
