"""What a unit sees by the data of a page alone: written from the description in report/models/page.py, and sharing no code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Box = list[tuple[int, int]]


class Answer(NamedTuple):
    """The box (None: only padding), the products of positions, and whether each is known exactly or is the most it can be."""

    box: Box | None
    products: list[tuple[int, ...]]
    box_known: bool
    positions_known: bool


def unit_of(data: Mapping[str, Any], layer: int, unit: Sequence[int]) -> Answer:
    """What a unit of a layer sees."""
    fields = data["fields"]
    for known in fields["units"].get(str(layer), ()):
        if list(known["unit"]) == list(unit):
            products = [tuple(sum(((1 << b - a + 1) - 1) << a for a, b in runs) for runs in axes) for axes in known["mask"]]
            return Answer(known["box"] and [tuple(ends) for ends in known["box"]], products, True, True)
    place = data["layers"]["support"][layer]
    if place < 0:
        return Answer(None, [], True, True)
    support = fields["supports"][place]
    certain, known = not support.get("uncertain", False), not support.get("holes", False)
    products = [_full(extent["box"]) for extent in support.get("extents", ())]
    for term in support["terms"]:
        certified = term.get("certified")
        if certain and certified and not all(_within(i, ends) for i, ends in zip(unit, certified, strict=True)):
            continue
        sets = [_read(fields["axes"][k], i, n) for k, i, n in zip(term["axes"], unit, fields["image"], strict=True)]
        if any(bits is None for bits in sets):
            continue
        exact = term.get("exact", certified)
        known = known and (exact is None or all(_within(i, ends) for i, ends in zip(unit, exact, strict=True)))
        if all(sets):
            products.append(tuple(bits for bits in sets if bits))
    box = None
    if products:
        ends = [[((p[k] & -p[k]).bit_length() - 1, p[k].bit_length() - 1) for p in products] for k in range(len(products[0]))]
        box = [(min(a for a, _ in axis), max(b for _, b in axis)) for axis in ends]
    return Answer(box, products, certain, certain and known)


def _full(box: Sequence[Sequence[int]]) -> tuple[int, ...]:
    return tuple(((1 << last - first + 1) - 1) << first for first, last in box)


def _within(i: int, ends: Sequence[int] | None) -> bool:
    return ends is not None and ends[0] <= i <= ends[1]


def _read(axis: Mapping[str, Any], i: int, size: int) -> int | None:
    """The positions of the image that unit i reads on an axis; None where it reads nothing, even beyond the image."""
    turn, phase = (0, i) if "units" in axis else divmod(i, axis.get("period", len(axis["spans"])))
    span = axis["spans"][phase] if phase < len(axis["spans"]) else None
    if span is None:
        return None
    holes = axis["holes"][phase] if "holes" in axis else None
    first = span[0] + turn * axis["advance"]
    bits = int(holes, 16) if holes else (1 << span[1] - span[0] + 1) - 1
    return (bits << first if first >= 0 else bits >> -first) & ((1 << size) - 1)
