"""What `analyze` shows beyond the layer table when it is asked: the critical path, and pictures of what units see."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.analyses.receptive_field import UnitField
from rfcalc.analyses.rows import rows_of
from rfcalc.analyses.why import CriticalPaths
from rfcalc.report.picture import Picture
from rfcalc.report.tables import Column, Table
from rfcalc.report.units import joined, percent


def path_table(analysis: Analysis, why: CriticalPaths, full: bool) -> Table:
    """One row per layer, or repeated block, that adds to the field; the sizes grow from 1 pixel to the field."""
    sizes = [path.size for path in why.paths]
    layers = [layer for layer in analysis.every if any(layer.adds)]
    rows, sums = [], [1.0] * len(sizes)
    for row in rows_of(layers, full):
        sums = [total + more for total, more in zip(sums, row.adds, strict=True)]
        share = max(more / (size - 1) if size > 1 else 0 for more, size in zip(row.adds, sizes, strict=True))
        rows.append((row.name, row.op, row.adds, share, list(sums)))
    columns = (
        Column("name", "Layer", ratio=3),
        Column("op", "Op", ratio=4, yields=1),
        Column("adds", "Adds", lambda adds: f"{'+' if min(adds) >= 0 else ''}{joined(adds)}", True),
        Column("share", "Share", lambda share: percent(share), True),
        Column("sum", "Sum", joined, True),
    )
    name, added = analysis.graph.nodes[why.target].name, joined([size - 1 for size in sizes])
    return Table(f"What sets the receptive field of {name}: 1 + {added} pixels", columns, tuple(rows))


def pictures(analysis: Analysis) -> Iterator[Picture]:
    """What the units that were asked for see."""
    for title, unit in seen(analysis):
        yield Picture(title, unit.products)


def seen(analysis: Analysis) -> Iterator[tuple[str, UnitField]]:
    """The units that were asked for, with a title: of each selected layer, or of the last one if all layers are shown."""
    layers = [layer for layer in analysis.layers if layer.units]
    for layer in layers if len(analysis.layers) < len(analysis.every) else layers[-1:]:
        for unit in layer.units:
            yield f"{layer.name}, unit {','.join(map(str, unit.unit))}: {unit.pixels:,} pixels", unit
