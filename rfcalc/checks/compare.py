"""What changed between two networks: totals, then layers matched by name, then by structure and order."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from rfcalc.analyses.network import Analysis, Layer, number
from rfcalc.analyses.rows import field_text, label
from rfcalc.record import record
from rfcalc.report.tables import Column, Table
from rfcalc.report.units import joined, short


@record
class Total:
    """One figure of both networks; None where a network has none."""

    metric: str
    old: float | None
    new: float | None

    @property
    def change(self) -> float | None:
        """Change in percent; None where there is nothing to compare with."""
        if self.old is None or self.new is None or not self.old:
            return None
        return 100 * (self.new - self.old) / self.old


@record
class Change:
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
            return f"{label(layer.node.op)}, {layer.node.shape}" if layer else ""
        parts = [
            f"{title} {a} -> {b}"
            for title, a, b in (
                ("", label(self.old.node.op), label(self.new.node.op)),
                ("", str(self.old.node.shape), str(self.new.node.shape)),
                ("MACs", short(self.old.macs), short(self.new.macs)),
                ("params", short(self.old.params), short(self.new.params)),
                ("field", field_text(self.old.field), field_text(self.new.field)),
                ("reads", ", ".join(self.old.inputs), ", ".join(self.new.inputs)),
            )
            if a != b
        ]
        return "; ".join(part.strip() for part in parts) or _settings(self.old, self.new)


@record
class Difference:
    """Everything that changed from one network to another."""

    old: Analysis
    new: Analysis
    totals: tuple[Total, ...]
    changes: tuple[Change, ...]

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
        figures = [_short_change(total) for total in self.totals if total.old != total.new]
        return f"{', '.join(parts) or 'no layer changed'}: {', '.join(figures) or 'no figure changes'}"


def compare(old: Analysis, new: Analysis) -> Difference:
    """The difference of two analysed networks."""
    return Difference(old, new, tuple(_totals(old, new)), tuple(_changes(old.layers, new.layers)))


def _totals(old: Analysis, new: Analysis) -> list[Total]:
    found = [
        Total("params", old.params, new.params),
        Total("MACs", old.macs, new.macs),
        Total("memory", old.peak.bytes, new.peak.bytes),
    ]
    a, b = old.last_spatial, new.last_spatial
    axes = max(len(layer.field.size or ()) for layer in (a, b) if layer) if a or b else 0
    for title, pick in (("field", _size), ("stride", _stride)):
        values = [(pick(a, k), pick(b, k)) for k in range(axes)]
        if len(set(values)) == 1:
            found.append(Total(title, *values[0]))
        else:
            found += [Total(f"{title} (axis {k})", *pair) for k, pair in enumerate(values)]
    return found


def _size(layer: Layer | None, axis: int) -> float | None:
    return layer.field.size[axis] if layer and layer.field.size and axis < len(layer.field.size) else None


def _stride(layer: Layer | None, axis: int) -> float | None:
    found = layer.field.stride if layer else None
    return number(found[axis]) if found and axis < len(found) else None


def _changes(old: Sequence[Layer], new: Sequence[Layer]) -> list[Change]:
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
    found = []
    for layer in new:
        before = pairs.get(layer.name)
        if before is None:
            found.append(Change("added", None, layer))
        elif not _equal(before, layer, names):
            found.append(Change("changed", before, layer))
        elif _fields(before) != _fields(layer):
            found.append(Change("affected", before, layer))
        elif before.name != layer.name:
            found.append(Change("renamed", before, layer))
    return found + [Change("removed", layer, None) for layer in gone if layer.name not in renamed]


def _shape_of(layer: Layer) -> tuple[object, ...]:
    return (layer.node.op, layer.node.shape, layer.macs)


def _equal(old: Layer, new: Layer, names: dict[str, str]) -> bool:
    inputs = tuple(names.get(name, name) for name in old.inputs)
    return _shape_of(old) == _shape_of(new) and inputs == new.inputs


def _fields(layer: Layer) -> tuple[object, ...]:
    field = layer.field
    return (field.size, field.size_min, field.stride, field.start, field.whole_input)


def _settings(old: Layer, new: Layer) -> str:
    a, b = vars(old.node.op), vars(new.node.op)
    return "; ".join(f"{key} {a.get(key)} -> {b[key]}" for key in b if a.get(key) != b[key]) or "stride of the field"


def _short_change(total: Total) -> str:
    if total.metric.startswith(("field", "stride")):
        return f"{total.metric} {_value(total.old)} -> {_value(total.new)}"
    return f"{total.metric} {_percent(total.change)}"


def _value(value: float | None) -> str:
    return "all" if value is None else joined([value])


def _percent(change: float | None) -> str:
    return "" if change is None else f"{change:+.1f} %" if change else "="


def tables(difference: Difference, title: str = "") -> tuple[Table, ...]:
    """The totals, and the layers that changed."""

    def cell(total: Total, value: float | None) -> str:
        plain = total.metric.startswith(("field", "stride"))
        return _value(value) if plain else short(int(value or 0), "B" if total.metric == "memory" else "")

    columns = (
        Column("metric", "Total"),
        Column(
            "old", difference.old.graph.name if difference.old.graph.name != difference.new.graph.name else "old", right=True
        ),
        Column(
            "new", difference.new.graph.name if difference.old.graph.name != difference.new.graph.name else "new", right=True
        ),
        Column("change", "Change", right=True),
    )
    rows = tuple((t.metric, cell(t, t.old), cell(t, t.new), _percent(t.change)) for t in difference.totals)
    found = [Table(title, columns, rows)]
    changed = [change for change in difference.changes if change.kind != "affected"]
    if changed:
        layers = (Column("kind", "Layers"), Column("name", "Name"), Column("what", "What"))
        found.append(Table("", layers, tuple((c.kind, c.name, c.what) for c in changed)))
    return tuple(found)


def data(difference: Difference) -> dict[str, object]:
    """The difference as JSON."""
    return {
        "old": difference.old.graph.source,
        "new": difference.new.graph.source,
        "same": difference.same,
        "summary": difference.summary,
        "totals": {t.metric: {"old": t.old, "new": t.new, "change_percent": t.change} for t in difference.totals},
        "layers": [
            {
                "kind": c.kind,
                "old": c.old.name if c.old else None,
                "new": c.new.name if c.new else None,
                "what": c.what,
                "macs": [c.old.macs if c.old else None, c.new.macs if c.new else None],
                "params": [c.old.params if c.old else None, c.new.params if c.new else None],
            }
            for c in difference.changes
        ],
    }
