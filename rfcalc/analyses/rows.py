"""The rows of the layer table: one layer as written in the spec, or a repeated block; and short names of ops and fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

from rfcalc.analyses.metrics import Metric, Unit
from rfcalc.analyses.network import Layer
from rfcalc.analyses.receptive_field import ReceptiveField
from rfcalc.layers.label import label
from rfcalc.record import record
from rfcalc.report.units import joined, number


@record
class TableRow:
    """A row of the layer table: one layer as written in the spec, or a repeated block."""

    name: str
    op: str
    layers: tuple[Layer, ...]

    @property
    def last(self) -> Layer:
        """The layer whose output the row shows."""
        return self.layers[-1]

    @property
    def field(self) -> tuple[ReceptiveField, bool, bool]:
        """The field that the row shows, whether some of its layers are unproductive, and whether it is an upper bound."""
        return self.last.field, any(layer.unproductive for layer in self.layers), self.last.bounded

    def amount(self, metric: Metric) -> tuple[float, bool]:
        """The sum of a figure over its layers, and whether that of some layer is not known."""
        return metric.sum(self.layers), metric.unit is Unit.OPERATIONS and any(layer.uncounted for layer in self.layers)

    @property
    def cost(self) -> int:
        """What its layers cost by the convention that was asked for."""
        return sum(layer.cost or 0 for layer in self.layers)

    @property
    def adds(self) -> list[float]:
        """What its layers add to the field on the critical path, per axis; empty if that was not asked for."""
        return [number(sum(axis, Fraction(0))) for axis in zip(*(layer.adds for layer in self.layers), strict=True)]


def rows_of(layers: Sequence[Layer], full: bool) -> list[TableRow]:
    """The rows of the layer table: one per layer as written, repeated equal blocks folded unless `full`."""
    if full:
        return [TableRow(layer.name, label(layer.node.op, layer.node.shape.rank), (layer,)) for layer in layers]
    return list(_folded(layers, 0))


def _folded(layers: Sequence[Layer], depth: int) -> Iterator[TableRow]:
    def scope(layer: Layer) -> str | None:
        repeat = layer.node.repeat
        return repeat[depth][0] if len(repeat) > depth else None

    for name, group in groupby(layers, scope):
        if name is None:
            yield from _parts(list(group))
            continue
        items = [list(item) for _, item in groupby(group, lambda layer: layer.node.repeat[depth][1])]
        for _, equal in groupby(items, _signature):
            same = list(equal)
            if len(same) == 1:
                yield from _folded(same[0], depth + 1)
                continue
            first, last = (item[0].node.repeat[depth][1] for item in (same[0], same[-1]))
            parts = " ".join(_squeezed([row.op.split(" + ")[0] for row in _folded(same[0], depth + 1)]))
            yield TableRow(f"{name}.{first}-{last}", f"{len(same)}x ({parts})", tuple(x for item in same for x in item))


def _signature(item: Sequence[Layer]) -> tuple[Any, ...]:
    return tuple((layer.node.op, layer.node.shape, layer.macs) for layer in item)


def _squeezed(words: Sequence[str]) -> list[str]:
    return [word if (n := len(list(group))) == 1 else f"{n}x {word}" for word, group in groupby(words)]


def _parts(layers: Sequence[Layer]) -> Iterator[TableRow]:
    for name, group in groupby(layers, lambda layer: layer.node.part_of):
        members = tuple(group)
        yield TableRow(name, " + ".join(label(layer.node.op, layer.node.shape.rank) for layer in members), members)


def field_text(field: ReceptiveField) -> str:
    """A field in a cell: "427", "188-204" over phases, "all" for the whole input, "91 and all" for both."""
    if field.size is None:
        return "all" if field.whole_input else "-"
    text = joined(field.size)
    if field.size_min and field.size_min != field.size:
        text = f"{joined(field.size_min)}-{text}"
    return f"{text} and all" if field.whole_input else text
