"""The receptive field of each layer: box, phases, stride, holes, and the clipped box of the centre unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cached_property
from math import lcm

from rfcalc.fields.backward import Known, Seen, trace
from rfcalc.fields.backward import runs as runs_of
from rfcalc.fields.certain import read_by
from rfcalc.fields.field import MAX_PHASES, Field
from rfcalc.fields.forward import Support, clipped, hull, supports
from rfcalc.fields.measure import Extremes, measure
from rfcalc.fields.terms import SupportTerm
from rfcalc.graph import Graph, Node
from rfcalc.record import record, replace
from rfcalc.relations.shape import Shape
from rfcalc.report.units import runs

GROWN = "its units read so many parts of the image that they are counted as one box around them"


@record
class ChannelField:
    """The box of a set of channels that sees another one than the rest."""

    channels: str
    size: tuple[int, ...]


@record
class Center:
    """The centre unit (size // 2) and its exact box cut to the image, inclusive; None if it reads only padding."""

    unit: tuple[int, ...]
    box: list[tuple[int, int]] | None


@record
class Misaligned:
    """How two inputs of a merge look at different places on some axis. `what`: their "strides", or the "centres" of their
    first units; `first` and `second` are those, in pixels."""

    what: str
    first: Fraction
    second: Fraction

    def __str__(self) -> str:
        if self.what == "strides":
            return f"strides differ: {float(self.first):g} and {float(self.second):g} pixels"
        return f"centres differ by {abs(float(self.first - self.second)):g} pixels"


@record
class ReceptiveField:
    """A layer's field, in pixels of the input, one entry per spatial axis of the input.

    size, size_min: the unclipped box of a unit, largest and smallest over the phases; None if every path is global.
    stride: input pixels from one unit to the next. start: first index that unit 0 would read. center0: the middle of
    unit 0's box. extremes: the boxes as they were measured; merged: of more parts than were kept apart. whole_input: some
    path passes a global layer, even one that reads only padding at this size. middle: what knows the centre. sized: a relation
    on the way depends on the input's size; at another size the field is another one. grown: so many parts are read that the
    box is one around all of them, an upper bound.
    """

    size: tuple[int, ...] | None
    size_min: tuple[int, ...] | None
    stride: tuple[Fraction, ...] | None
    start: tuple[int, ...] | None
    center0: tuple[float, ...] | None
    extremes: Extremes | None
    merged: bool
    whole_input: bool
    middle: Middle
    classes: tuple[ChannelField, ...] = ()
    misaligned: Misaligned | None = None
    sized: bool = False
    grown: bool = False

    @property
    def center(self) -> Center | None:
        """The centre unit; None where no path leads to the layer."""
        return self.middle.found

    @property
    def coverage(self) -> float | None:
        """The share of the box that is really read, least over the phases."""
        return None if self.extremes is None else self.extremes.coverage

    @property
    def coverage_bound(self) -> bool:
        """Whether that share is an upper bound."""
        return self.extremes is not None and (self.merged or self.extremes.partial)


@record
class UnitField:
    """What one unit sees: the unclipped box (None if every path is global), the box cut to the image, the pixels read, and
    which ones: a union of products of one bit set per axis."""

    unit: tuple[int, ...]
    unclipped: list[tuple[int, int]] | None
    clipped: list[tuple[int, int]] | None
    pixels: int
    products: tuple[tuple[int, ...], ...] = ()


@record(eq=False)
class Middle:
    """The centre unit of a node, found when it is asked for: where the border rules decide, that takes a trace of its own."""

    fields: Fields
    index: int

    def __eq__(self, other: object) -> bool:
        """Centres are equal, whichever network they are of."""
        return self.found == other.found if isinstance(other, Middle) else NotImplemented

    @cached_property
    def found(self) -> Center | None:
        """Its box; None where no path leads to the layer."""
        fields, size = self.fields, self.fields.graph.nodes[self.index].shape.size
        support, unit = fields.supports[self.index], tuple([n // 2 for n in size])
        if not support.terms and support.extent is None:
            return None
        if support.certain and len(unit) == len(fields.image):
            box = clipped(support, unit, fields.image)
            return Center(unit, list(box) if box else None)
        if support.certain:  # a vector
            return Center(unit, list(support.extent or ()))
        return Center(unit, fields.seen(self.index, unit).box())


class Fields:
    """The receptive fields of a graph on one of its inputs (the first, unless `source` names another node)."""

    def __init__(self, graph: Graph, source: int | None = None) -> None:
        self.graph = graph
        self.source = graph.inputs[0] if source is None else source
        self.image = graph.nodes[self.source].shape.size
        self.supports = supports(graph, self.source)
        self._kept: dict[tuple[int, tuple[int, ...]], ReceptiveField] = {}
        self._found: dict[int, ReceptiveField] = {}
        self._traced: Known = {}

    def of(self, index: int) -> ReceptiveField:
        """The field of one node."""
        if index not in self._found:
            self._found[index] = self._of(index)
        return self._found[index]

    def _of(self, index: int) -> ReceptiveField:
        node = self.graph.nodes[index]
        key = (self._alike[index], node.shape.size)
        if key not in self._kept:
            self._kept[key] = self._measure(index, node, self.supports[index])
        misaligned = self._misaligned(node) if len(node.inputs) > 1 else None
        return replace(self._kept[key], misaligned=misaligned) if misaligned else self._kept[key]

    @cached_property
    def _alike(self) -> list[int]:
        """For each node the first one that has the same support."""
        first: dict[int, int] = {}
        return [first.setdefault(id(support), i) for i, support in enumerate(self.supports)]

    def bounded(self, index: int) -> bool:
        """Whether the field of one node is an upper bound."""
        return self.graph.bounded[index] or self.supports[index].grown

    def bound(self, index: int) -> str:
        """Why it is one, where it is the first on the way; empty elsewhere."""
        grown = self.supports[index].grown and not any(self.supports[j].grown for j in self.graph.nodes[index].inputs)
        return self.graph.bounds[index] or GROWN * grown

    def unit(self, index: int, unit: Sequence[int], channel: int | None = None) -> UnitField:
        """What one unit of a node reads, exactly."""
        seen = self.seen(index, unit, channel)
        supports = self.supports if channel is None else self._told_apart
        box = hull(supports[index], unit, channel) if len(unit) == len(self.image) else None
        return UnitField(tuple(unit), [(s[0], s[1]) for s in box] if box else None, seen.box(), seen.pixels(), seen.products)

    @cached_property
    def _told_apart(self) -> list[Support]:
        """The supports with the channels told apart."""
        return supports(self.graph, self.source, resolve=True)

    def seen(self, index: int, unit: Sequence[int], channel: int | None = None) -> Seen:
        """The exact set of positions that one unit of a node reads: by its support where that is certified, else by a trace."""
        known = read_by(self.supports[index], unit, self.image) if channel is None else None
        return trace(self.graph, index, unit, self.source, channel, self._traced) if known is None else known

    def _measure(self, index: int, node: Node, support: Support) -> ReceptiveField:
        whole, middle = support.extent is not None, Middle(self, index)
        extremes = measure(support.terms, node.shape.size) if support.terms else None
        if extremes is None:
            return ReceptiveField(None, None, None, None, None, None, False, whole, middle)
        first = hull(support, (0,) * len(self.image))
        return ReceptiveField(
            size=extremes.largest,
            size_min=extremes.smallest,
            stride=self._stride(node, support.terms),
            start=tuple(span[0] for span in first) if first else None,
            center0=tuple((span[0] + span[1]) / 2 for span in first) if first else None,
            extremes=extremes,
            merged=support.merged,
            whole_input=whole,
            middle=middle,
            classes=_classes(support, node.shape),
            grown=support.grown,
            sized=any(field.units is not None for term in support.terms for field in term.axes),
        )

    def _stride(self, node: Node, terms: Sequence[SupportTerm]) -> tuple[Fraction, ...]:
        """The step from unit to unit; where paths differ in theirs, the one nearest to the size of the image over the map's."""
        rates = list(dict.fromkeys(tuple(field.rate for field in term.axes) for term in terms))
        if len(rates) == 1:
            return rates[0]
        down = [Fraction(n, m) for n, m in zip(self.image, node.shape.size, strict=False)]
        return min(rates, key=lambda rate: sum(abs(a - b) for a, b in zip(rate, down, strict=False)))

    def _misaligned(self, node: Node) -> Misaligned | None:
        """What is wrong where the inputs of a merge do not look at the same place."""
        # an input read for its size only has no place, nor has one that is read as a whole; of joined boxes it is not known
        read = dict.fromkeys(j for r in node.reads if r.local and not self.supports[j := node.inputs[r.source]].grown)
        places = [place for j in read if (place := _place(self.supports[j])) is not None]
        for place in places[1:]:
            if place == places[0]:
                continue
            for (rate, middle), (other, theirs) in zip(places[0], place, strict=True):
                if rate != other:
                    return Misaligned("strides", rate, other)
                if middle != theirs:
                    return Misaligned("centres", middle, theirs)
        return None


def _classes(support: Support, shape: Shape) -> tuple[ChannelField, ...]:
    """Sets of channels with different supports; empty if all channels see the same, or if no layer tells them apart."""
    if len(support.terms) < 2 or len({term.channels for term in support.terms}) < 2:
        return ()
    groups: dict[tuple[int, ...], int] = {(): (1 << shape.channels) - 1}
    for k, term in enumerate(support.terms):
        parts = [(chosen, k, mask & term.channels, mask & ~term.channels) for chosen, mask in groups.items()]
        groups = {chosen: without for chosen, _, _, without in parts if without}
        groups |= {(*chosen, k): within for chosen, k, within, _ in parts if within}
    classes = []
    for chosen, members in sorted(groups.items(), key=lambda group: group[1] & -group[1]):
        extremes = measure([support.terms[k] for k in chosen], shape.size)
        if extremes is not None:
            classes.append(ChannelField(_ranges(runs_of(members)), extremes.largest))
    return tuple(classes) if len(classes) > 1 else ()


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers as "0-3, 8"."""
    return _ranges(runs(numbers))


def _ranges(parts: Iterable[tuple[int, int]]) -> str:
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def _place(support: Support) -> list[tuple[Fraction, Fraction]] | None:
    """Per axis: the stride, and the middle of a unit's box less unit * stride, averaged over the phases."""
    if not support.terms:
        return None
    offsets = []
    for k in range(len(support.terms[0].axes)):
        fields = [term.axes[k] for term in support.terms]
        place = fields[0].place if len(fields) == 1 else _middle(fields)
        if place is None:
            return None
        offsets.append(place)
    return offsets


def _middle(fields: Sequence[Field]) -> tuple[Fraction, Fraction] | None:
    """The place of units that several fields make up; None where there is none, or where their phases are too many."""
    period = lcm(*(field.period for field in fields))
    if len({field.rate for field in fields}) > 1 or period > MAX_PHASES:
        return None
    total, count = Fraction(0), 0
    for i in range(period):
        spans = [span for field in fields if (span := field.at(i)) is not None]
        if spans:
            middle = Fraction(min(s[0] for s in spans) + max(s[1] for s in spans), 2)
            total, count = total + middle - i * fields[0].rate, count + 1
    return (fields[0].rate, total / count) if count else None
