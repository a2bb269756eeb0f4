"""What changed between two networks: totals, then layers matched by name, then by structure and order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from rfcalc.analyses.layer import Layer
from rfcalc.analyses.metrics import COLUMNS, METRICS, Figure, Metric, Shown
from rfcalc.analyses.network import Analysis
from rfcalc.analyses.rows import field_text
from rfcalc.layers.label import label
from rfcalc.record import record


@record
class Total:
    """One figure of both networks, or of one axis of theirs; None where a network has none. `about`: which are not certain."""

    title: str
    metric: Metric
    old: Figure
    new: Figure
    about: tuple[bool, bool] = (False, False)

    @property
    def change(self) -> float | None:
        """Change in percent; None where there is nothing to compare with."""
        if self.old is None or self.new is None or not self.old:
            return None
        return 100 * (self.new - self.old) / self.old

    @property
    def short(self) -> str:
        """The change in a few words: "params +0.1 %", "field 150 -> 156"."""
        if self.metric.axes:
            return f"{self.title} {' -> '.join(self.shown)}"
        return f"{self.title} {'about ' * any(self.about)}{percent(self.change)}"

    @property
    def shown(self) -> tuple[str, str]:
        """The two as people read them; a field that a network does not have is all of the input."""
        both = zip((self.old, self.new), self.about, strict=True)
        old, new = ("all" if value is None else "about " * about + self.metric.unit.show(value) for value, about in both)
        return old, new


@record
class LayerChange:
    """One layer that changed. `kind`: added, removed, changed, renamed (equal but for its name), or affected (only its
    field changed, because of another layer)."""

    kind: str
    old: Layer | None
    new: Layer | None

    @property
    def name(self) -> str:
        """The layer's name, "old -> new" where it changed."""
        if self.old and self.new and self.old.name != self.new.name:
            return f"{self.old.name} -> {self.new.name}"
        layer = self.new or self.old
        return layer.name if layer else ""

    @property
    def what(self) -> str:
        """What changed about it."""
        if not (self.old and self.new):
            layer = self.new or self.old
            return f"{label(layer.node.op, layer.node.shape.rank)}, {layer.node.shape}" if layer else ""
        both = [(title, a, b) for (title, a), (_, b) in zip(_described(self.old), _described(self.new), strict=True)]
        parts = [f"{title} {a} -> {b}".strip() for title, a, b in both if a != b]
        return "; ".join(parts) or _settings(self.old, self.new)


@record
class Difference:
    """Everything that changed from one network to another."""

    old: Analysis
    new: Analysis
    totals: tuple[Total, ...]
    changes: tuple[LayerChange, ...]

    @property
    def same(self) -> bool:
        """True if nothing changed."""
        return not self.changes and all(total.old == total.new for total in self.totals)

    @property
    def summary(self) -> str:
        """One line: how many layers changed, and what that does to the figures."""
        if self.same:
            return "no change"
        counts = [
            (kind, sum(change.kind == kind for change in self.changes))
            for kind in ("changed", "added", "removed", "renamed", "affected")
        ]
        parts = [f"{count} {kind}" for kind, count in counts if count]
        if parts:
            first = parts[0].split(" ", 1)
            parts[0] = f"{first[0]} layer{'s' if first[0] != '1' else ''} {first[1]}"
        figures = [total.short for total in self.totals if total.old != total.new]
        return f"{', '.join(parts) or 'no layer changed'}: {', '.join(figures) or 'no figure changes'}"


def compare(old: Analysis, new: Analysis) -> Difference:
    """The difference of two analysed networks."""
    return Difference(old, new, tuple(_totals(old, new)), tuple(_changes(old.every, new.every)))


def _totals(old: Analysis, new: Analysis) -> Iterator[Total]:
    for metric in METRICS:
        if Shown.DIFF not in metric.shown:
            continue
        if metric.axes is None:
            about = metric.about(old), metric.about(new)
            yield Total(metric.title, metric, metric.of_network(old), metric.of_network(new), about)
            continue
        axes = [metric.axes(last) if (last := one.last_spatial) else () for one in (old, new)]
        values = list(zip_longest(*axes))
        if len(set(values)) == 1:
            yield Total(metric.title, metric, values[0][0], values[0][1])
        else:
            yield from (Total(f"{metric.title} (axis {k})", metric, a, b) for k, (a, b) in enumerate(values))


def _described(layer: Layer) -> Iterator[tuple[str, str]]:
    """What one sees of a layer, each with a title."""
    yield "", label(layer.node.op, layer.node.shape.rank)
    yield "", str(layer.node.shape)
    for metric in COLUMNS:
        if Shown.DIFF in metric.shown and metric.adds_up:
            yield metric.title, metric.unit.show(metric.of_layers([layer]))
    yield "field", field_text(layer.field)
    yield "reads", ", ".join(layer.inputs)
    yield "weights of", layer.weights or layer.name


def _changes(old: Sequence[Layer], new: Sequence[Layer]) -> list[LayerChange]:
    theirs = {layer.name: layer for layer in old}
    ours = {layer.name for layer in new}
    gone = [layer for layer in old if layer.name not in ours]
    fresh = [layer for layer in new if layer.name not in theirs]
    pairs = {layer.name: theirs[layer.name] for layer in new if layer.name in theirs}
    renamed: set[str] = set()
    for a, b, size in SequenceMatcher(
        None, list(map(_shape_of, gone)), list(map(_shape_of, fresh)), False
    ).get_matching_blocks():
        for k in range(size):
            pairs[fresh[b + k].name] = gone[a + k]
            renamed.add(gone[a + k].name)
    names = {pair.name: name for name, pair in pairs.items()}
    changes = []
    for layer in new:
        before = pairs.get(layer.name)
        if before is None:
            changes.append(LayerChange("added", None, layer))
        elif not _equal(before, layer, names):
            changes.append(LayerChange("changed", before, layer))
        elif _fields(before) != _fields(layer):
            changes.append(LayerChange("affected", before, layer))
        elif before.name != layer.name:
            changes.append(LayerChange("renamed", before, layer))
    return changes + [LayerChange("removed", layer, None) for layer in gone if layer.name not in renamed]


def _shape_of(layer: Layer) -> tuple[object, ...]:
    return (layer.node.op, layer.node.shape, layer.macs)


def _equal(old: Layer, new: Layer, names: dict[str, str]) -> bool:
    inputs = tuple(names.get(name, name) for name in old.inputs)
    owners = [names.get(old.weights, old.weights), new.weights]
    return _shape_of(old) == _shape_of(new) and inputs == new.inputs and owners[0] == owners[1]


def _fields(layer: Layer) -> tuple[object, ...]:
    field = layer.field
    return (field.size, field.size_min, field.stride, field.start, field.whole_input)


def _settings(old: Layer, new: Layer) -> str:
    a, b = vars(old.node.op), vars(new.node.op)
    return "; ".join(f"{key} {a.get(key)} -> {b[key]}" for key in b if a.get(key) != b[key]) or "stride of the field"


def percent(change: float | None) -> str:
    """A change in percent: "+14.3 %", "=" for none, nothing where there is nothing to compare with."""
    return "" if change is None else f"{change:+.1f} %" if change else "="
