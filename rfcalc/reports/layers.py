"""The report of `rfcalc analyze`: the layer table, the units that were asked for, and the notes below them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rfcalc.analyses.layer import Layer
from rfcalc.analyses.metrics import COLUMNS
from rfcalc.analyses.network import Analysis
from rfcalc.analyses.rows import Outline, TableRow, View, outline, rows_of
from rfcalc.report.tables import Column, Report, Table, box_text
from rfcalc.report.units import joined, percent, short, times
from rfcalc.reports.parts.asked import path_table, pictures
from rfcalc.reports.parts.columns import layer_columns
from rfcalc.reports.parts.contract import analysis_data
from rfcalc.reports.parts.flat import flat_table

USUAL = View()
MOST_PLACES = 3  # of layers that were asked for, before only the last is placed
DTYPES = {4: "float32", 2: "16-bit floats", 1: "8-bit numbers", 8: "float64"}


def layer_report(
    analysis: Analysis, view: View = USUAL, masks: bool = False, training: bool = False, programs: bool = True
) -> Report:
    """The report of `rfcalc analyze`. `view`: how its table is shown; `masks`: with what the traced units see; `training`: with
    what a step of training costs; `programs`: with what programs read, the flat table and the data."""
    outlined = outline(analysis, view)
    shown = layer_columns(analysis, outlined.rows, view)
    values = tuple(tuple(cell(row) for _, cell in shown) for row in outlined.rows)
    tables = [] if view.summary else [Table("", tuple(column for column, _ in shown), values)]
    units = _unit_table(rows_of(analysis.layers, view.full))
    if units:
        tables.append(units)
    if analysis.why:
        tables.append(path_table(analysis, analysis.why, view.full))
    return Report(
        title=f"{analysis.graph.name} at {_input_text(analysis)}",
        tables=tuple(tables),
        notes=(*_folding(outlined, view), *_notes(analysis, training)),
        flat=_flat(analysis, view) if programs else Table("", (), ()),
        data=analysis_data(analysis, view.ranked(analysis.layers), masks) if programs else {},
        pictures=tuple(pictures(analysis)) if masks else (),
    )


def _folding(outlined: Outline, view: View) -> Iterator[tuple[str, str]]:
    """What the table does not show."""
    if outlined.depth is not None and view.depth is None:
        yield "Folded", f"blocks at depth {outlined.depth}: --depth {outlined.depth + 1} shows more, --full every layer"
    if outlined.hidden:
        yield "Left out", f"{outlined.hidden} more rows"


def _unit_table(rows: Sequence[TableRow]) -> Table | None:
    entries = [(row.last.name, unit.unit, unit.unclipped, unit.clipped, unit.pixels) for row in rows for unit in row.last.units]
    if not entries:
        return None
    columns = (
        Column("layer", "Layer", ratio=3),
        Column("unit", "Unit", lambda unit: ",".join(map(str, unit))),
        Column("unclipped", "Box, unclipped", box_text),
        Column("clipped", "Box in the image", box_text),
        Column("pixels", "Pixels read", lambda n: f"{n:,}", True),
    )
    return Table("What these units see", columns, tuple(entries))


def _input_text(analysis: Analysis) -> str:
    nodes, inputs = analysis.graph.nodes, analysis.graph.inputs
    if len(inputs) == 1:
        return str(nodes[inputs[0]].shape)
    return ", ".join(f"{nodes[i].name} {nodes[i].shape}" for i in inputs)


def _notes(analysis: Analysis, training: bool) -> Iterator[tuple[str, str]]:
    """Of a whole network its figures and outputs; of some layers what is meant by the marks beside them."""
    if len(analysis.layers) == len(analysis.every):
        yield from _totals(analysis, training)
        shown = list(analysis.outputs)
        if analysis.last_spatial and analysis.last_spatial not in shown:
            shown.insert(0, analysis.last_spatial)
        for layer in shown:
            role = "output" if layer in analysis.outputs else "last map"
            yield f"{role} {layer.name}", _place_text(layer)
    else:
        written = list({layer.node.part_of: layer for layer in analysis.layers}.items())
        placed = written if len(written) <= MOST_PLACES else written[-1:]
        yield from ((name, _place_text(layer)) for name, layer in placed)
    yield from _marks(analysis)


def _totals(analysis: Analysis, training: bool) -> Iterator[tuple[str, str]]:
    where = _input_text(analysis)
    least = "at least " if analysis.graph.rest else ""
    yield "Compute", f"{least}{short(analysis.macs, 'MACs')} ({short(2 * analysis.macs, 'FLOPs')}) at {where}"
    if analysis.graph.rest:
        yield "Not all of it", analysis.graph.rest
    if by := analysis.convention:
        yield f"By {by.name}", f"{short(by.total)} ({by.total:,}) at {where} (rfcalc explain-cost says why)"
    shape = analysis.input
    if shape.rank == 3 and shape.channels == 1 and shape.size[0] <= 4:
        depth, *image = shape.size
        yield "Axes", f"1 channel on 3 axes; for {depth} channels leave the batch out: {depth}x{'x'.join(map(str, image))}"
    dtype = DTYPES.get(analysis.dtype_bytes, f"{8 * analysis.dtype_bytes} bit")
    size = short(analysis.dtype_bytes * analysis.params, "B")
    yield "Parameters", f"{short(analysis.params)} ({analysis.params:,}), {size} in {dtype}"
    peak = analysis.peak
    while_ = f" (while {peak.at} runs)" if peak.at else ""
    yield "Memory", f"peak of live activations {peak.text} at {where}, {dtype}, batch 1{while_}"
    if not training:
        yield "Training", f"keeps {analysis.saved.text} for the backward pass, {dtype}, batch 1"
        return
    about = "about " * analysis.saved.about
    yield "Training", f"{short(analysis.training_flops, 'FLOPs')} forward and backward at {where}, batch 1"
    yield "", f"{about}{short(analysis.training.bytes, 'B')} {analysis.training.text}; {dtype}, batch 1"


def _marks(analysis: Analysis) -> Iterator[tuple[str, str]]:
    layers = analysis.layers
    if shared := [layer for layer in layers if layer.weights]:
        more = f"; {len(shared) - 1} more use others'" if shared[1:] else ""
        yield "Shared weights", f"{shared[0].name} uses those of {shared[0].weights}, where they count{more}"
    wasted = [layer.name for layer in layers if layer.unproductive]
    if wasted:
        more = f", {wasted[1]}" + (f" and {len(wasted) - 2} more" if len(wasted) > 2 else "") if wasted[1:] else ""
        yield "Unproductive *", f"{wasted[0]}{more}: what they read already sees more than the image"
    yield from _unsure(analysis)
    sized = [layer.name for layer in layers if layer.field.sized]
    if sized:
        more = f" and {len(sized) - 1} more" if sized[1:] else ""
        yield "Of this size", f"{sized[0]}{more}: another size of the input gives another field"
    misaligned = [layer for layer in layers if layer.field.misaligned]
    for layer in misaligned[:3]:
        yield "Misaligned", f"{layer.name}: the inputs' {layer.field.misaligned}"
    if len(misaligned) > 3:
        yield "Misaligned", f"and {len(misaligned) - 3} more (--format json lists them)"
    if analysis.erf:
        yield "ERF sigma", "in pixels, under random weights (Luo 2016); paths through global layers are left out"


def _unsure(analysis: Analysis) -> Iterator[tuple[str, str]]:
    """The layers whose field is only a bound, and those whose MACs are not known, by their reasons."""
    for mark, attribute in (("Upper bound <=", "bound"), ("Not counted ?", "uncounted")):
        named: dict[str, list[str]] = {}
        for layer in analysis.layers:
            if reason := getattr(layer, attribute):
                named.setdefault(reason, []).append(layer.name)
        for reason, names in list(named.items())[:5]:
            yield mark, f"{names[0]}{f' and {len(names) - 1} more' if names[1:] else ''}: {reason}"
        if len(named) > 5:
            yield mark, f"and {len(named) - 5} more reasons (--format json lists them)"


def _place_text(layer: Layer) -> str:
    field, shape = layer.field, layer.node.shape
    parts = [str(shape)]
    if field.size is not None and field.stride and field.start and field.center0:
        size = times(field.size)
        if field.size_min and field.size_min != field.size:
            size = f"{times(field.size_min)} to {size} over the phases"
        parts.append(f"receptive field {'at most ' * layer.bounded}{size}, stride {joined([float(x) for x in field.stride])}")
        parts.append(f"unit 0 starts at {joined(field.start)}, centre {joined(field.center0)}")
        if field.coverage not in (None, 1.0):
            parts.append(f"{'at most ' if field.coverage_bound else ''}{percent(field.coverage)} of the box is read")
        if field.classes:
            groups = "; ".join(f"{joined(c.size)} (channels {c.channels})" for c in field.classes[:6])
            parts.append(f"by channel: {groups}{'; ...' if len(field.classes) > 6 else ''}")
    if field.whole_input and layer.bounded:
        parts.append("at most the whole input")
    elif field.whole_input:
        but = f" but for {layer.unread:,} pixels that are never read" if layer.unread else ""
        parts.append(f"sees the whole input{but}" if field.size is None else f"and the whole input{but} by a global layer")
    if layer.downsampling:
        parts.append(f"downsampling {joined([float(x) for x in layer.downsampling])}")
    return ", ".join(parts)


FLAT: tuple[tuple[str, Callable[[Layer], object]], ...] = (
    ("name", lambda layer: layer.name),
    ("op", lambda layer: layer.node.op.word),
    ("channels", lambda layer: layer.node.shape.channels),
    ("size", lambda layer: times(layer.node.shape.size) if layer.node.shape.rank else ""),
    ("receptive_field", lambda layer: times(layer.field.size) if layer.field.size else ""),
    ("receptive_field_min", lambda layer: times(layer.field.size_min) if layer.field.size_min else ""),
    ("stride", lambda layer: times([float(x) for x in layer.field.stride]) if layer.field.stride else ""),
    ("start", lambda layer: times(layer.field.start) if layer.field.start else ""),
    ("coverage", lambda layer: "" if layer.field.coverage is None else layer.field.coverage),
    ("whole_input", lambda layer: str(layer.field.whole_input).lower()),
    ("unproductive", lambda layer: str(layer.unproductive).lower()),
    ("upper_bound", lambda layer: str(layer.bounded).lower()),
    *((metric.stored, metric.of_layer) for metric in COLUMNS),
)


def _flat(analysis: Analysis, view: View) -> Table:
    """One row per layer with every figure as it is, for programs."""
    rows = (tuple(value(layer) for _, value in FLAT) for layer in view.ranked(analysis.layers))
    return flat_table(analysis.graph.name, [key for key, _ in FLAT], rows)
