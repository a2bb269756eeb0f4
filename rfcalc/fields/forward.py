"""Forward engine: the unclipped support of every unit of every layer, in one pass, free of the image's size.

A layer's support is a union of terms; a term is a product of one Field per axis, for a set of channels. A term also
carries a certificate per axis, the range of units it is certified for: within it the clipped box of a unit is its unclipped
box cut to the image. Where the certificate is lost (None), the backward engine answers instead.

A path through a global layer (global pooling, linear, attention) adds no term; `extent` keeps what such a path sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache

from rfcalc.errors import RuleError, fail
from rfcalc.fields.certificate import Range, all_read, certify, certify_set, within
from rfcalc.fields.extents import Box, Extent, around, fills, hulls
from rfcalc.fields.field import START, Field, Span, compose, mask_phases
from rfcalc.fields.terms import SupportTerm, antichain, by_axis, compact, joined
from rfcalc.graph import Graph, Node
from rfcalc.record import record, replace
from rfcalc.relations.channels import Same
from rfcalc.relations.geometry import IDENTITY, Reach
from rfcalc.relations.read import Read

Certified = tuple[Range | None, Range | None]  # the units certified for their box, and those of them for each position in it

MAX_TERMS = 48
MOST_SPANS = 8192  # of more terms than that, beyond which their boxes are joined even where they grow
MANY_TERMS = 16  # from which on terms are made fewer before each is compared with all others


@record
class Support:
    """What the units of one layer see. `extents`: the clipped hull that global paths see, per axis, for sets of channels.
    `certain`: False where some clipped box needs the backward engine. `merged`: terms were joined to keep them few, so
    that holes may be overlooked (the box stays exact); `grown`: they were so many that the box is one around them, a bound.
    `filled`: it is certain that global paths see all of their hulls."""

    terms: tuple[SupportTerm, ...]
    extents: tuple[tuple[int, Box], ...] = ()
    certain: bool = True
    filled: bool = True
    merged: bool = False
    grown: bool = False

    @property
    def extent(self) -> Box | None:
        """The clipped hull that global paths see; None without such paths."""
        return around([box for _, box in self.extents]) if self.extents else None

    @cached_property
    def light(self) -> bool:
        """Whether it is small enough to be kept beyond the analysis that it is part of."""
        return len(self.terms) <= MANY_TERMS and all(field.light for term in self.terms for field in term.axes)


NOTHING = Support(())
MOST_KEPT = 1 << 14
# By the positions that a layer reads of what, and the ids of the inputs' supports, which are kept with them.
_kept: dict[tuple[object, ...], tuple[Sequence[Support], Support]] = {}


def forget() -> None:
    """Forgets the supports that networks share, where a rule has changed."""
    _kept.clear()


@lru_cache(maxsize=256)
def _start(certified: tuple[Range, ...]) -> Support:
    """The support of an input whose channels are not told apart."""
    return Support((SupportTerm(-1, (START,) * len(certified), certified, certified),))


def supports(graph: Graph, source: int, resolve: bool = False) -> list[Support]:
    """The support of each node, measured on the input node `source`. Channels are told apart if some layer selects
    channels, or if `resolve` asks for it."""
    return _Pass(graph, source, resolve or selects_channels(graph)).run()


def selects_channels(graph: Graph) -> bool:
    """True if some layer leaves channels out, at least at some positions, so that channels must be told apart."""
    return any(node.facts.picks for node in graph.nodes)


class _Pass:
    def __init__(self, graph: Graph, source: int, resolve: bool) -> None:
        self.graph, self.source, self.resolve = graph, source, resolve
        self.image = graph.nodes[source].shape.size
        self.composed: dict[tuple[Field, Reach, int], Field] = {}
        self.masked: dict[tuple[Field, int, int, int], Field] = {}
        self.certificates: dict[tuple[Field, Range | None, Range | None, Reach, int, int, int], Certified] = {}

    def run(self) -> list[Support]:
        of_nodes: list[Support] = []
        for i, node in enumerate(self.graph.nodes):
            if node.is_input:
                of_nodes.append(self._start(node) if i == self.source else NOTHING)
            elif node.facts.still and (not self.resolve or type(node.reads[0].channels) is Same):
                of_nodes.append(of_nodes[node.inputs[node.reads[0].source]])
            else:
                of_nodes.append(self._found(node, [of_nodes[j] for j in node.inputs]))
        return of_nodes

    def _found(self, node: Node, inputs: Sequence[Support]) -> Support:
        """The support of a layer, which was found before where another one, of any network, reads the same in the same way."""
        key = None if self.resolve else (node.facts.paths, self.image, *map(id, inputs))
        if key is not None and (known := _kept.get(key)):
            return known[1]
        try:
            found = self._layer(node, node.reads, inputs)
        except RuleError as error:
            raise fail("E202", f'{node.op.word} "{node.name}": {error}', node.span) from None
        if key is not None and found.light and all(support.light for support in inputs):
            if len(_kept) >= MOST_KEPT:
                _kept.clear()
            _kept[key] = (inputs, found)
        return found

    def _start(self, node: Node) -> Support:
        certified = tuple((0, n - 1) for n in node.shape.size)
        if self.resolve:
            return Support((SupportTerm((1 << node.shape.channels) - 1, (START,) * node.shape.rank, certified, certified),))
        return _start(certified)

    def _layer(self, node: Node, reads: Sequence[Read], inputs: Sequence[Support]) -> Support:
        terms: list[SupportTerm] = []
        extents: list[Extent] = []
        certain = True
        counts = [0] * len(inputs)
        for read in reads:
            counts[read.source] += 1
        inputs = [_simple(s) if _heavy(s.terms, count) else s for s, count in zip(inputs, counts, strict=True)]
        for read in reads:
            support = inputs[read.source]
            certain = certain and support.certain
            if support.extents:
                seen = [(self._push(node, read, mask), box, support.filled) for mask, box in support.extents]
                extents += [each for each in seen if each[0]]
                certain = certain and self._all_live(node, read)
            if read.local:
                terms += self._moved(node, read, support.terms)
            elif support.terms:
                found = [
                    (channels, self._seen(t), t) for t in support.terms if (channels := self._push(node, read, t.channels))
                ]
                certain = certain and all(box is not None for _, box, _ in found) and all(axis is None for axis in read.axes)
                whole = tuple((0, n - 1) for n in self.image)
                extents += [(channels, box or whole, fills(term)) for channels, box, term in found]
        made = self._support(terms, extents, certain, [inputs[read.source] for read in reads])
        # Most residual sums add nothing to one of their inputs; one support then serves both. An uncertain one does not say
        # all that its units see, so that two layers with the same may see different things.
        return next((s for s in inputs if s == made), made) if len(reads) > 1 and made.certain else made

    def _support(self, terms: list[SupportTerm], extents: list[Extent], certain: bool, inputs: Sequence[Support]) -> Support:
        kept, merged, grown = _few(terms)
        merged, grown = (merged or any(s.merged for s in inputs)), (grown or any(s.grown for s in inputs))
        boxes, filled = hulls(extents)
        certain = certain and all(None not in term.certified for term in kept)
        return Support(tuple(kept), boxes, certain, filled, merged, grown)

    def _push(self, node: Node, read: Read, mask: int) -> int:
        """The channels of a layer that read any of the channels in `mask`; -1 where channels are not told apart."""
        return read.channels.push(mask) & ((1 << node.shape.channels) - 1) if self.resolve else -1

    def _all_live(self, node: Node, read: Read) -> bool:
        """True if it is certain that every unit of a layer reads some unit of an input."""
        if read.phases and self.resolve:
            return False
        size = node.shapes[read.source].size
        return not read.axes or all(all_read(*axis) for axis in zip(read.axes, size, node.shape.size, strict=False))

    def _moved(self, node: Node, read: Read, terms: Sequence[SupportTerm]) -> list[SupportTerm]:
        """The terms of one input, seen through one Read."""
        if not terms:
            return []
        size, units = node.shapes[read.source].size, node.shape.size
        moved = []
        for term in terms:
            channels = self._push(node, read, term.channels)
            if not channels:
                continue
            if not read.axes and not read.phases and channels == term.channels:
                moved.append(term)
                continue
            axes, certified, exact = term.axes, term.certified, term.exact
            if read.axes:
                axes = tuple(by_axis(self._compose, term.axes, read.axes, units))
                ranges = by_axis(self._certify, term.axes, certified, exact, read.axes, size, units, self.image)
                certified, exact = tuple(box for box, _ in ranges), tuple(each for _, each in ranges)
            if read.phases and self.resolve:
                axes = tuple(self._mask(f, *phase, m) for f, phase, m in zip(axes, read.phases, units, strict=True))
            moved.append(SupportTerm(channels, axes, certified, exact))
        return moved

    def _compose(self, field: Field, reach: Reach | None, units: int) -> Field:
        if reach is IDENTITY or reach is None:
            return field
        key = (field, reach, units)
        if key not in self.composed:
            self.composed[key] = compose(field, reach, units)
        return self.composed[key]

    def _mask(self, field: Field, period: int, phase: int, units: int) -> Field:
        key = (field, period, phase, units)
        if key not in self.masked:
            self.masked[key] = mask_phases(field, period, phase, units)
        return self.masked[key]

    def _certify(
        self, field: Field, certified: Range | None, exact: Range | None, reach: Reach | None, n: int, m: int, image: int
    ) -> Certified:
        if reach is IDENTITY or reach is None:
            return (certified, exact) if n <= m else (within(certified, (0, m - 1)), within(exact, (0, m - 1)))
        key = (field, certified, exact, reach, n, m, image)
        if key not in self.certificates:
            made = certify(field, certified, reach, n, m, image)
            self.certificates[key] = (made, certify_set(field, certified, exact, reach, made))
        return self.certificates[key]

    def _seen(self, term: SupportTerm) -> Box | None:
        """The clipped hull of all units of a term; None where a certificate is missing."""
        box = []
        for field, certified, image in zip(term.axes, term.certified, self.image, strict=True):
            if certified is None or not field.monotone:
                return None
            first, last = field.at(certified[0]), field.at(certified[1])
            if first is None or last is None:
                return None
            box.append((max(0, first[0]), min(image - 1, last[1])))
        return tuple(box)


def _heavy(terms: Sequence[SupportTerm], times: int = 1) -> bool:
    """Whether so many terms, of so many phases, are read that each by itself would take minutes."""
    spans = sum(len(field.spans) for term in terms for field in term.axes)
    return len(terms) * times > MAX_TERMS and spans * times > MOST_SPANS


def _simple(support: Support) -> Support:
    """A bound of a support in as few terms as there are strides."""
    terms = tuple(joined(support.terms, always=True))
    return replace(support, terms=terms, certain=False, merged=True, grown=True)


def _few(terms: list[SupportTerm]) -> tuple[list[SupportTerm], bool, bool]:
    """The same union in few terms; whether holes between them, and whether their boxes may have been lost."""
    kept = terms if len(terms) < MANY_TERMS else compact(terms)
    count, grown = len(kept), False
    if _heavy(kept) and _heavy(kept := joined(kept)):
        kept, grown = joined(kept, always=True), True
    merged = len(kept) < count
    kept = compact(antichain(kept))
    if len(kept) > MAX_TERMS:
        count, kept = len(kept), joined(kept)
        merged = merged or len(kept) < count
    return kept, merged, grown


def hull(support: Support, unit: Sequence[int], channel: int | None = None) -> list[Span] | None:
    """The unclipped bounding box of one unit, per axis; None if no path without a global layer leads to it."""
    boxes = boxes_at(support, unit, channel)
    if not boxes:
        return None
    if len(boxes) == 1:
        return [(first, last, None) for first, last, _ in boxes[0]]
    return [(min(box[k][0] for box in boxes), max(box[k][1] for box in boxes), None) for k in range(len(boxes[0]))]


def boxes_at(support: Support, unit: Sequence[int], channel: int | None = None) -> list[tuple[Span, ...]]:
    """The products of spans that one unit sees, unclipped."""
    boxes: list[tuple[Span, ...]] = []
    for term in support.terms:
        if channel is not None and not term.channels >> channel & 1:
            continue
        spans = [field.at(i) for field, i in zip(term.axes, unit, strict=True)]
        if all(span is not None for span in spans):
            boxes.append(tuple(span for span in spans if span is not None))
    return boxes


def clipped(support: Support, unit: Sequence[int], image: Sequence[int]) -> Box | None:
    """The exact clipped box of a unit of a layer whose support is `certain`; None for a unit that reads only padding."""
    boxes = [] if support.extent is None else [support.extent]
    boxes += [box for term in support.terms if (box := _cut(term, unit, image)) is not None]
    return around(boxes) if boxes else None


def _cut(term: SupportTerm, unit: Sequence[int], image: Sequence[int]) -> Box | None:
    """A unit's box of one term, cut to the image; None if the unit is not certified."""
    box = []
    for field, certified, i, n in zip(term.axes, term.certified, unit, image, strict=True):
        span = field.at(i)
        if span is None or certified is None or not certified[0] <= i <= certified[1]:
            return None
        box.append((max(0, span[0]), min(n - 1, span[1])))
    return tuple(box)
