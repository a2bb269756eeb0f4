"""What a unit reads, from its layer's support alone, where that is certified: microseconds instead of a trace."""

from __future__ import annotations

from collections.abc import Sequence

from rfcalc.fields.backward import Seen, merged
from rfcalc.fields.field import bits_of
from rfcalc.fields.forward import Support


def read_by(support: Support, unit: Sequence[int], image: Sequence[int]) -> Seen | None:
    """The positions of the image that a unit reads, by all of its channels; None where they are not certified."""
    if not support.certain or not support.filled or len(unit) != len(image):
        return None
    products = [tuple(_run(*ends) for ends in box) for _, box in support.extents]
    for term in support.terms:
        if any(ends is None or not ends[0] <= i <= ends[1] for i, ends in zip(unit, term.certified, strict=True)):
            continue
        spans = [field.at(i) for field, i in zip(term.axes, unit, strict=True)]
        if None in spans:
            continue
        if any(ends is None or not ends[0] <= i <= ends[1] for i, ends in zip(unit, term.exact, strict=True)):
            return None
        axes = (_moved(bits_of(span), span[0]) & ((1 << n) - 1) for span, n in zip(spans, image, strict=True) if span)
        products.append(tuple(axes))
    return Seen(tuple(axes for _, axes in merged([(1, axes) for axes in products if 0 not in axes])))


def _run(first: int, last: int) -> int:
    return ((1 << (last - first + 1)) - 1) << first


def _moved(bits: int, by: int) -> int:
    return bits << by if by >= 0 else bits >> -by
