"""The pixels that a field should span: a number, a quantile of the objects of a data set, or what the spec says of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import ceil

from rfcalc.designing.boxes import ObjectSizes
from rfcalc.graph import Graph
from rfcalc.language.objects import SizeRange

USUAL = "p90"  # of a data set, where nothing else is said


def aimed(text: str, found: ObjectSizes | None = None) -> int | None:
    """The pixels of a text: a number, or "median" or "p90" of a data set; None for anything else."""
    share = re.fullmatch(r"median|p(\d{1,2}(?:\.\d{1,3})?)", text.strip())
    if share and found:
        return max(1, round(found.quantile(float(share[1]) / 100 if share[1] else 0.5)))
    return int(text) if text.strip().isdecimal() and len(text) < 10 else None


def object_size(graph: Graph) -> int | None:
    """The largest number of a spec's `object_size`, in whole pixels; None if it has none."""
    sizes: Mapping[str, SizeRange] = graph.stated("object_size", {})
    return max((ceil(side) for one in sizes.values() for side in one.most), default=None)
