"""The critical path as the page holds it: which of its inputs gives a layer the first and the last pixel of its box, per axis.

Followed from layer to layer, these are the paths of both ends. Where units or channels of a layer take different ones, no
choice is right for all of them, and the page says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import lcm
from operator import or_

from rfcalc.analyses.receptive_field import Fields
from rfcalc.fields.forward import Support
from rfcalc.graph import Node
from rfcalc.record import record
from rfcalc.relations.channels import MIX, Route
from rfcalc.relations.read import Read

MOST_UNITS = 512  # of an axis, up to which all are looked at


@record
class Leads:
    """`of`: what leads to layers, where that is not their first input: one layer for all ends, or one for the first and the
    last pixel of each axis in turn; none where the path ends. `differ`: layers in which some units or channels have others."""

    of: dict[str, list[int]]
    differ: list[int]


def leads(fields: Fields) -> Leads:
    """The inputs that set the boxes of all layers."""
    found = Leads({}, [])
    apart: list[bool] = []
    for i, node in enumerate(fields.graph.nodes):
        sources = list(dict.fromkeys(node.inputs[read.source] for read in node.reads if read.local))
        sources = [j for j in sources if fields.supports[j].terms] if fields.supports[i].terms else []
        chosen, every = _chosen(fields.supports, i, node, sources) if len(sources) > 1 else (sources, True)
        if chosen != list(node.inputs[:1]) and any(fields.supports[j].terms for j in node.inputs):
            found.of[str(i)] = chosen
        if not every or any(apart[j] and not _all_read(fields, node, j) for j in sources):
            found.differ.append(i)
        apart.append(_tells_apart(node, apart))
    return found


def _tells_apart(node: Node, apart: Sequence[bool]) -> bool:
    """Whether channels of a layer come by different ways."""
    routed = {node.inputs[read.source] for read in node.reads if isinstance(read.channels, Route)}
    return len(routed) > 1 or any(apart[node.inputs[read.source]] for read in node.reads if read.channels is not MIX)


def _all_read(fields: Fields, node: Node, source: int) -> bool:
    """Whether a layer reads all channels of an input, with each of its units."""
    every = (1 << fields.graph.nodes[source].shape.channels) - 1
    reads = [read for read in node.reads if node.inputs[read.source] == source]
    masks = [read.channels.pull(-1) & every for read in reads]
    return set(masks) == {every} if any(read.phases for read in reads) else reduce(or_, masks) == every


def _chosen(supports: Sequence[Support], index: int, node: Node, sources: list[int]) -> tuple[list[int], bool]:
    """Which inputs set the ends, the same for all if one does; and whether they do so for every unit."""
    reads = [read for read in node.reads if read.local and node.inputs[read.source] in sources]
    every = all(field.total for term in supports[index].terms for field in term.axes) and not any(read.phases for read in reads)
    ends = list[list[set[int]]]()
    for axis, size in enumerate(node.shape.size):
        units = _units([supports[i] for i in (index, *sources)], axis, size, reads)
        every = every and units <= MOST_UNITS
        for side in (0, 1):
            found = [_setters(supports, index, node, reads, axis, side, unit) for unit in range(min(units, MOST_UNITS))]
            ends.append([setters for setters in found if setters])
    best = [max(sources, key=lambda j: sum(j in setters for setters in end)) for end in ends]
    shared = [j for j in sources if all(j in setters for end in ends for setters in end)]
    if shared or len(set(best)) == 1:
        return shared[:1] or best[:1], every and bool(shared)
    return best, every and all(j in setters for j, end in zip(best, ends, strict=True) for setters in end)


def _units(supports: Sequence[Support], axis: int, size: int, reads: Sequence[Read]) -> int:
    """How many units of an axis differ."""
    fields = [term.axes[axis] for support in supports for term in support.terms]
    alike = len({field.rate for field in fields}) == 1 and all(field.units is None for field in fields)
    alike = alike and all(read.pointwise for read in reads)
    return min(size, lcm(*(field.period for field in fields))) if alike else size


def _setters(
    supports: Sequence[Support], index: int, node: Node, reads: Sequence[Read], axis: int, side: int, unit: int
) -> set[int]:
    """The inputs of which a unit reads the first (side 0) or the last pixel of its box."""
    wanted, found = _end(supports[index], axis, side, unit), set[int]()
    for read in reads:
        reach, source = read.axes[axis] if read.axes else None, node.inputs[read.source]
        taps = reach.at(unit) if reach else (unit,)
        if wanted is not None and any(_end(supports[source], axis, side, tap) == wanted for tap in taps):
            found.add(source)
    return found


def _end(support: Support, axis: int, side: int, unit: int) -> int | None:
    """The first or the last pixel of a unit's box."""
    spans = [span for term in support.terms if (span := term.axes[axis].at(unit))]
    return (max if side else min)(span[:2][side] for span in spans) if spans else None
