"""What `rfcalc diff` says: totals and changed layers of two networks, or the figures that left a baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rfcalc.analyses.layer import Layer
from rfcalc.analyses.metrics import COLUMNS, Better, Figure, Shown
from rfcalc.analyses.network import Analysis
from rfcalc.checks.compare import Difference, LayerChange, Total, percent
from rfcalc.checks.folding import per_place
from rfcalc.checks.lock import figures, key
from rfcalc.report.findings import Finding, Outcome
from rfcalc.report.tables import Column, Table, Tone
from rfcalc.report.units import runs

if TYPE_CHECKING:
    from rfcalc.report.models.findings import ChangedLayerData, ChangedTotalData, DifferenceData, DifferencesData

KINDS = {"added": Tone.GOOD, "removed": Tone.BAD, "changed": Tone.WARN}


def diff_outcome(differences: Sequence[Difference | str]) -> Outcome:
    """The differences of pairs of networks; a text stands for one that has nothing to be compared with."""
    tables: list[Table] = []
    lines: list[str] = []
    entries: list[DifferenceData] = []
    findings: list[Finding] = []
    many = len(differences) > 1
    for one in differences:
        if isinstance(one, str):
            lines.append(one)
            entries.append({"summary": one, "same": False})
            continue
        source = one.new.graph.source
        tables += _tables(one, source if many else "") if not one.same else ()
        lines.append(f"{source}: {one.summary}" if many else one.summary)
        entries.append(_data(one))
        findings += per_place(_notes(one))
    cases = tuple(one.new.graph.source for one in differences if not isinstance(one, str))
    return _outcome(lines, tables, entries, cases, findings)


def baseline_outcome(analyses: Mapping[str, Analysis], accepted: Mapping[str, Mapping[str, float]], lock: Path) -> Outcome:
    """The figures of networks, by what the command line calls them, that differ from those of a baseline."""
    tables: list[Table] = []
    lines: list[str] = []
    entries: list[DifferenceData] = []
    for spec, analysis in analyses.items():
        old, new = accepted.get(key(analysis, lock.resolve().parent)), figures(analysis)
        if old is None:
            lines.append(f"{spec}: not in {lock}")
            entries.append({"new": spec, "same": False})
            continue
        rows = [(name, a, b) for name in sorted({*old, *new}) if (a := old.get(name)) != (b := new.get(name))]
        if rows:
            columns = (Column("metric", "Figure"), Column("old", "accepted", _plain, True), Column("new", "now", _plain, True))
            tables.append(Table(spec if len(analyses) > 1 else "", columns, tuple(rows)))
        lines.append(f"{spec}: {len(rows)} figure{'s' if len(rows) != 1 else ''} changed" if rows else f"{spec}: no change")
        entries.append({"new": spec, "same": not rows, "figures": {name: {"old": a, "new": b} for name, a, b in rows}})
    return _outcome(lines, tables, entries, tuple(analyses))


def _outcome(
    lines: Sequence[str],
    tables: Sequence[Table],
    entries: Sequence[DifferenceData],
    cases: tuple[str, ...],
    findings: Sequence[Finding] = (),
) -> Outcome:
    data: DifferencesData = {"same": all(entry["same"] for entry in entries), "differences": list(entries)}
    return Outcome("diff", tuple(findings), "\n".join(lines), tuple(tables), cases, data=data)


def _plain(value: Figure) -> str:
    return "-" if value is None else f"{value:,}"


def _tables(difference: Difference, title: str) -> Iterator[Table]:
    """The totals, and the layers that changed."""
    old, new = difference.old.graph.name, difference.new.graph.name
    columns = (
        Column("metric", "Total"),
        Column("old", old if old != new else "old", right=True),
        Column("new", new if old != new else "new", right=True),
        Column("change", "Change", lambda cell: cell[0], right=True, tone=lambda cell: cell[1]),
    )
    rows = tuple((t.title, *t.shown, (percent(t.change), _verdict(t))) for t in difference.totals)
    yield Table(title, columns, rows)
    changed = [change for change in difference.changes if change.kind != "affected"]
    if changed:
        layers = (Column("kind", "Layers", tone=KINDS.get), Column("name", "Name"), Column("what", "What"))
        yield Table("", layers, tuple(_rows(changed)))


def _verdict(total: Total) -> Tone | None:
    """Whether a figure has become better or worse, where one of the two is better."""
    better = total.metric.better
    if better is Better.NEITHER or not isinstance(total.change, float | int) or not total.change:
        return None
    return Tone.GOOD if (total.change < 0) == (better is Better.LESS) else Tone.BAD


def _rows(changes: Sequence[LayerChange]) -> Iterator[tuple[str, str, str]]:
    """A row for each layer; turns of a repeat whose layers changed alike are one row, which shows the last of them."""
    groups: dict[tuple[object, ...], list[tuple[int, LayerChange]]] = {}
    for change in changes:
        stem, turn, rest = _turn(change)
        key = (change.kind, stem, rest, turn is None, _look(change.old), _look(change.new))
        groups.setdefault(key, []).append((turn or 0, change))
    for (kind, name, end, single, *_), group in groups.items():
        turns = ",".join(f"{a}-{b}" if b > a else str(a) for a, b in runs(turn for turn, _ in group))
        yield str(kind), str(name) if single else f"{name}.{turns}{end}", group[-1][1].what


def _turn(change: LayerChange) -> tuple[str, int | None, str]:
    """The name of a changed layer as the repeat's name, the turn, and the rest; None for the turn where it is in no repeat."""
    layer = change.new or change.old
    if layer and layer.node.repeat:
        stem, turn = layer.node.repeat[0][:2]
        if change.name == layer.name and layer.name.startswith(f"{stem}.{turn}"):
            return stem, turn, layer.name.removeprefix(f"{stem}.{turn}")
    return change.name, None, ""


def _look(layer: Layer | None) -> object:
    """What must be equal for two layers to be one row."""
    return layer and (layer.node.op, layer.node.shape, layer.macs)


def _notes(difference: Difference) -> Iterator[Finding]:
    """The changed layers as notes, for the formats that annotate files."""
    graph = difference.new.graph
    for change in difference.changes:
        span = change.new.node.span if change.new else None
        source = span.source if span else graph.source
        yield Finding("RF000", change.kind, "note", change.what, "", graph.name, change.name, source, span)


def _data(difference: Difference) -> DifferenceData:
    return {
        "old": difference.old.graph.source,
        "new": difference.new.graph.source,
        "same": difference.same,
        "summary": difference.summary,
        "totals": {total.title: _total(total) for total in difference.totals},
        "layers": [_layer(change) for change in difference.changes],
    }


def _total(total: Total) -> ChangedTotalData:
    found: ChangedTotalData = {"old": total.old, "new": total.new, "change_percent": total.change}
    if any(total.about):
        found["approximate"] = True
    return found


def _layer(change: LayerChange) -> ChangedLayerData:
    old, new = change.old, change.new
    entry: ChangedLayerData = {
        "kind": change.kind,
        "old": old.name if old else None,
        "new": new.name if new else None,
        "what": change.what,
    }
    shown = (metric for metric in COLUMNS if Shown.DIFF in metric.shown and metric.adds_up)
    figures = {metric.stored: [metric.of_layer(layer) if layer else None for layer in (old, new)] for metric in shown}
    return cast("ChangedLayerData", {**entry, **figures})
