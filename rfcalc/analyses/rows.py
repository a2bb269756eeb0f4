"""The rows of the layer table: a layer as written in the spec, a repeated block, or a block with all that is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any, TypeVar

from rfcalc.analyses.layer import Layer
from rfcalc.analyses.metrics import Metric, Unit
from rfcalc.analyses.network import Analysis
from rfcalc.analyses.receptive_field import ReceptiveField
from rfcalc.layers.label import label
from rfcalc.record import record
from rfcalc.report.units import joined, number

MOST_ROWS = 50  # of a table that folds by itself
MOST_WORDS = 4  # of a block's layers
T = TypeVar("T")


@record
class TableRow:
    """A row of the layer table: one layer as written in the spec, or a block of several."""

    name: str
    op: str
    layers: tuple[Layer, ...]

    @property
    def last(self) -> Layer:
        """The layer whose output the row shows."""
        return self.layers[-1]

    @property
    def single(self) -> bool:
        """Whether it is one layer as written, with its norm and activation."""
        return len({layer.node.part_of for layer in self.layers}) == 1

    @property
    def inputs(self) -> list[str]:
        """The layers outside the row that it reads."""
        own = {layer.name for layer in self.layers}
        return list(dict.fromkeys(name for layer in self.layers for name in layer.inputs if name not in own))

    @property
    def field(self) -> tuple[ReceptiveField, bool, bool]:
        """The field that the row shows, whether some of its layers are unproductive, and whether it is an upper bound."""
        return self.last.field, any(layer.unproductive for layer in self.layers), self.last.bounded

    def amount(self, metric: Metric) -> tuple[float, bool, bool]:
        """A figure of its layers together, whether that of some layer is not known, and whether it is not certain."""
        unknown = metric.unit is Unit.OPERATIONS and any(layer.uncounted for layer in self.layers)
        return metric.of_layers(self.layers), unknown, metric.unsure is not None and any(map(metric.unsure, self.layers))

    @property
    def cost(self) -> int:
        """What its layers cost by the convention that was asked for."""
        return sum(layer.cost or 0 for layer in self.layers)

    @property
    def adds(self) -> list[float]:
        """What its layers add to the field on the critical path, per axis; empty if that was not asked for."""
        return [number(sum(axis, Fraction(0))) for axis in zip(*(layer.adds for layer in self.layers), strict=True)]


@record
class View:
    """How the layer table is shown. full: a row for each layer. depth: blocks whose names are longer are one row each; None
    folds as far as the table fits on a screen. sort: the figure whose largest come first. top: how many rows. columns: their
    keys; empty for the usual ones. summary: no rows, only the totals."""

    full: bool = False
    depth: int | None = None
    sort: Metric | None = None
    top: int | None = None
    columns: tuple[str, ...] = ()
    summary: bool = False

    @property
    def apart(self) -> bool:
        """Whether each layer as written is a row, also in repeats."""
        return self.full or (self.sort is not None and self.depth is None)

    def ranked(self, layers: Sequence[Layer]) -> list[Layer]:
        """Single layers in the order that is asked for, as many as are."""
        if self.summary:
            return []
        return _ranked(layers, lambda layer: [layer], self)


@record
class Outline:
    """The rows of a table; `depth` of the names to which they are folded, None for none, and how many rows are left out."""

    rows: tuple[TableRow, ...]
    depth: int | None = None
    hidden: int = 0


def outline(analysis: Analysis, view: View) -> Outline:
    """The rows of the layer table of an analysis."""
    if view.summary:
        return Outline(())
    rows, depth = rows_of(analysis.layers, view.apart), view.depth
    if depth is None and not view.apart and len(analysis.layers) == len(analysis.every):
        depth = _fitting(rows)
    if depth is not None:
        rows = _to_depth(rows, depth, analysis.graph.kinds)
    shown = _ranked(rows, lambda row: row.layers, view)
    return Outline(tuple(shown), depth, len(rows) - len(shown))


def rows_of(layers: Sequence[Layer], apart: bool) -> list[TableRow]:
    """A row per layer as written, repeated equal blocks folded unless `apart`."""
    if apart:
        return [TableRow(layer.name, label(layer.node.op, layer.node.shape.rank), (layer,)) for layer in layers]
    return list(_folded(layers, 0))


def _ranked(entries: Sequence[T], layers: Callable[[T], Sequence[Layer]], view: View) -> list[T]:
    """Entries in order, those of the largest figure first; equal ones stay in the order of execution."""
    metric, found = view.sort, list(entries)
    if metric:
        found.sort(key=lambda entry: -metric.of_layers(layers(entry)))
    return found[: view.top]


def _fitting(rows: Sequence[TableRow]) -> int | None:
    """The depth to which rows are folded so that they fit on a screen; None if they do as they are, or if nothing helps."""
    if len(rows) <= MOST_ROWS:
        return None
    depths = sorted({row.name.count(".") for row in rows} - {0}, reverse=True)
    fitting = (depth for depth in depths if len(list(_groups(rows, depth))) <= MOST_ROWS)
    return next(fitting, 1 if depths else None)


def _groups(rows: Sequence[TableRow], depth: int) -> Iterator[tuple[str, list[TableRow]]]:
    """Neighbouring rows whose names begin with the same `depth` parts."""
    for name, group in groupby(rows, lambda row: ".".join(row.name.split(".", depth)[:depth])):
        yield name, list(group)


def _to_depth(rows: Sequence[TableRow], depth: int, kinds: Mapping[str, str]) -> list[TableRow]:
    """Each block below a depth as one row."""
    return [
        group[0]
        if len(group) == 1 and group[0].single
        else _block(name, depth, [x for row in group for x in row.layers], kinds)
        for name, group in _groups(rows, depth)
    ]


def _block(name: str, depth: int, layers: Sequence[Layer], kinds: Mapping[str, str]) -> TableRow:
    """A block in one row: what it repeats, or how many layers of what words it has."""
    level = depth + (len({_prefix(layer, depth) for layer in layers}) == 1)
    items: list[tuple[str, tuple[str, ...]]] = []
    for item, group in groupby(layers, lambda layer: _prefix(layer, level)):
        parts = [next(part) for _, part in groupby(group, lambda layer: layer.node.part_of)]
        items.append((kinds.get(item, ""), tuple(part.node.op.word for part in parts)))
    kind, usual = items[-1]
    alike = [item == items[-1] for item in items]
    if len(usual) > 1 and len(items) > 1 and all(alike[1:]):
        first = "" if alike[0] else ", first differs"
        return TableRow(name, f"{len(items)}x {kind or f'({chr(32).join(_squeezed(usual))})'}{first}", tuple(layers))
    words = Counter(word for _, words in items for word in words).most_common()
    most = ", ".join(f"{count}x {word}" if count > 1 else word for word, count in words[:MOST_WORDS])
    text = f"{kinds[name]}: {most}" if name in kinds else most
    return TableRow(name, text + ", ..." * (len(words) > MOST_WORDS), tuple(layers))


def _prefix(layer: Layer, depth: int) -> str:
    """The first parts of a layer's name as written."""
    return ".".join(layer.node.part_of.split(".", depth)[:depth])


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
