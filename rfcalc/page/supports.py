"""What every unit of every layer sees, as the page holds it: the supports of the forward engine, each said once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING

from rfcalc.analyses.receptive_field import Fields
from rfcalc.fields.backward import runs
from rfcalc.fields.certificate import Range
from rfcalc.fields.field import Field
from rfcalc.fields.forward import Support
from rfcalc.fields.terms import SupportTerm
from rfcalc.graph import Node
from rfcalc.relations.geometry import PaddingMode

if TYPE_CHECKING:
    from rfcalc.report.models.page import FieldsData, ReadData, SeenData, SupportData, TermData

ALL = -1  # channels that nothing tells apart
Key = tuple[int, bool, bool, tuple[int, ...]]


class Supports:
    """The supports of a graph: `data`, and which of them each node has (-1 for one that sees nothing)."""

    def __init__(self, fields: Fields) -> None:
        self.fields, self.nodes = fields, fields.graph.nodes
        self.longest = _longest(fields)
        self.axes: dict[Field, int] = {}
        self.found: dict[Key, int] = {}
        self.made: list[SupportData] = []
        self.folded: list[bool] = []
        self.of = [self._add(i, node) for i, node in enumerate(self.nodes)]
        self.data: FieldsData = {
            "image": fields.image,
            "axes": [self._axis(field) for field in self.axes],
            "supports": self.made,
            "units": dict(self._units()),
        }

    def _add(self, index: int, node: Node) -> int:
        """The number of a node's support."""
        support = self.fields.supports[index]
        self.folded.append(any(self.folded[j] for j in node.inputs) or _folds(node))
        if not support.terms and not support.extents:
            return -1
        whole = not support.certain and self.folded[index]
        key = (id(support), self.fields.bounded(index), whole, node.shape.size)
        if key not in self.found:
            self.found[key] = len(self.made)
            self.made.append(self._support(support, node.shape.size, *key[1:3]))
        return self.found[key]

    def _support(self, support: Support, size: Sequence[int], bounded: bool, whole: bool) -> SupportData:
        made: SupportData = {"terms": [self._term(term, size) for term in support.terms]}
        extents = list(support.extents)
        if whole:  # what padding takes from elsewhere may lie anywhere
            extents = [(ALL, tuple((0, n - 1) for n in self.fields.image))]
        if extents:
            made["extents"] = [{"box": box} if mask == ALL else {"box": box, "channels": f"{mask:x}"} for mask, box in extents]
        if not support.certain:
            made["uncertain"] = True
        if not support.filled:
            made["holes"] = True
        if bounded:
            made["bound"] = True
        return made

    def _term(self, term: SupportTerm, size: Sequence[int]) -> TermData:
        made: TermData = {"axes": [self.axes.setdefault(field, len(self.axes)) for field in term.axes]}
        every: tuple[Range | None, ...] = tuple((0, n - 1) for n in size)
        if term.certified != every:
            made["certified"] = term.certified
        if term.exact != term.certified:
            made["exact"] = term.exact
        if term.channels != ALL:
            made["channels"] = f"{term.channels:x}"
        return made

    def _axis(self, field: Field) -> ReadData:
        """A field; one with more phases than are listed as the units that layers have."""
        count = field.period if field.units is None else field.units
        listed = min(count, self.longest.get(field, count))
        spans = [field.at(i) for i in range(listed)]
        made: ReadData = {"advance": field.advance, "spans": [None if span is None else span[:2] for span in spans]}
        if listed != field.period:
            made["period"] = field.period
        if any(span is not None and span[2] is not None for span in spans):
            made["holes"] = [None if span is None or span[2] is None else f"{span[2]:x}" for span in spans]
        if field.units is not None or listed < field.period:
            made["units"] = listed
        return made

    def _units(self) -> Iterator[tuple[str, list[SeenData]]]:
        """The centre and the corners of each layer whose support is not certain."""
        for i, node in enumerate(self.nodes):
            size = node.shape.size
            if self.of[i] >= 0 and not self.fields.supports[i].certain and len(size) == len(self.fields.image):
                corners = product(*(dict.fromkeys((0, n - 1)) for n in size))
                units = dict.fromkeys([tuple(n // 2 for n in size), *corners])
                yield str(i), [self._seen(i, unit) for unit in units]

    def _seen(self, index: int, unit: tuple[int, ...]) -> SeenData:
        seen = self.fields.seen(index, unit)
        return {"unit": unit, "box": seen.box(), "mask": [[runs(bits) for bits in axes] for axes in seen.products]}


def _longest(fields: Fields) -> dict[Field, int]:
    """For each field the most units that a layer with it has."""
    found: dict[Field, int] = {}
    for support, node in zip(fields.supports, fields.graph.nodes, strict=True):
        for term in support.terms:
            for field, n in zip(term.axes, node.shape.size, strict=False):
                found[field] = max(n, found.get(field, 0))
    return found


def _folds(node: Node) -> bool:
    """Whether a layer's padding is taken from elsewhere in its input."""
    return any(reach is not None and reach.fold is not PaddingMode.ZERO for read in node.reads for reach in read.axes)
