"""The JSON contract of `rfcalc analyze`: analyses as plain data. Keys keep their meaning; new ones may come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

from rfcalc.analyses.layer import Layer
from rfcalc.analyses.metrics import OF_LAYERS, PLACED, TOTALS, UNSURE
from rfcalc.analyses.network import Analysis
from rfcalc.analyses.receptive_field import ReceptiveField, UnitField
from rfcalc.fields.backward import runs
from rfcalc.graph import Graph
from rfcalc.layers.contract import Cost
from rfcalc.relations.shape import Shape
from rfcalc.report.tables import Report, Table
from rfcalc.report.units import number

if TYPE_CHECKING:
    from rfcalc.analyses.erf import EffectiveField
    from rfcalc.analyses.why import CriticalPaths
    from rfcalc.report.models.analyze import (
        AxisData,
        ErfData,
        FieldData,
        LayerData,
        MarginalData,
        NetworkData,
        ShareData,
        TotalsData,
        UnitData,
        WhyData,
    )
    from rfcalc.report.models.parts import ShapeData


def data_report(analysis: Analysis, layers: Sequence[Layer], masks: bool = False) -> Report:
    """The report of `rfcalc analyze` for programs: no tables, no notes, only the data."""
    return Report(analysis.graph.name, (), (), Table("", (), ()), analysis_data(analysis, layers, masks))


def analysis_data(analysis: Analysis, layers: Sequence[Layer], masks: bool = False) -> NetworkData:
    """A network and some of its layers. `masks`: with the positions that each traced unit reads."""
    graph = analysis.graph
    nodes = graph.nodes
    found: NetworkData = {
        "name": graph.name,
        "source": graph.source,
        "input": shape_data(analysis.input),
        "totals": totals_data(analysis),
        "outputs": [nodes[i].name for i in graph.outputs],
        "last_spatial": analysis.last_spatial.name if analysis.last_spatial else None,
        "layers": layers_data(layers, masks),
    }
    if len(graph.inputs) > 1:
        found["inputs"] = {nodes[i].name: shape_data(nodes[i].shape) for i in graph.inputs}
    if analysis.convention:
        found["convention"] = {"name": analysis.convention.name, "total": analysis.convention.total}
    if analysis.why:
        found["why"] = _why(graph, analysis.why)
    if graph.rest:
        found["not_followed"] = graph.rest
    if analysis.erf:
        found["erf"] = _effective(graph, analysis.erf)
    return found


def totals_data(analysis: Analysis) -> TotalsData:
    """The figures of the network."""
    figures = {metric.stored: metric.of_network(analysis) for metric in TOTALS}
    found: TotalsData = {"dtype_bytes": analysis.dtype_bytes, "optimizer": analysis.optimizer}
    if about := [metric.stored for metric in TOTALS if metric.about(analysis)]:
        found["approximate"] = about
    if uncounted := [layer.name for layer in analysis.every if layer.uncounted]:
        found["uncounted_layers"] = uncounted
    return cast("TotalsData", {**figures, **found})


def layers_data(layers: Iterable[Layer], masks: bool = False) -> list[LayerData]:
    """Layers. What those that are alike have in common is one object in all of them."""
    alike: dict[object, _Alike] = {}
    fields: dict[object, FieldData] = {}
    found = []
    for layer in layers:
        field, kind = layer.field, layer.kind
        if kind not in alike:
            alike[kind] = _Alike(layer)
        seen = (id(field), layer.bounded, layer.unread)
        if seen not in fields:
            fields[seen] = _field_of(layer)
        found.append(_layer_data(layer, alike[kind], fields[seen], masks))
    return found


class _Alike:
    """What a layer has in common with those that do the same to inputs of the same shape, wherever they stand."""

    def __init__(self, layer: Layer) -> None:
        node = layer.node
        self.output = shape_data(node.shape)
        self.operations = operations_data(node.cost)
        self.downsampling = [number(x) for x in layer.downsampling]
        self.uncounted = layer.uncounted
        self.figures = {metric.stored: None if metric.placed else metric.of_layer(layer) for metric in OF_LAYERS}


def _field_of(layer: Layer) -> FieldData:
    field = field_data(layer.field)
    if layer.bounded:
        field["upper_bound"] = True
    if layer.unread:
        field["pixels_never_read"] = layer.unread
    return field


def _layer_data(layer: Layer, alike: _Alike, field: FieldData, masks: bool) -> LayerData:
    node = layer.node
    figures = alike.figures | {metric.stored: metric.of_layer(layer) for metric in PLACED}
    found: LayerData = {
        "name": node.name,
        "op": node.facts.op.word,
        "settings": node.facts.written,
        "inputs": layer.inputs,
        "line": node.span.line if node.span else None,
        "output": alike.output,
        "element_operations": alike.operations,
        "downsampling": alike.downsampling,
        "receptive_field": field,
    }
    if layer.weights:
        found["weights"] = layer.weights
    if about := [key for key, unsure in UNSURE if unsure(layer)]:
        found["approximate"] = about
    if layer.bound:
        found["bound"] = layer.bound
    if alike.uncounted:
        found["uncounted"] = alike.uncounted
    if layer.unproductive:
        found["unproductive"] = True
    if layer.units:
        found["units"] = [unit_data(unit) for unit in layer.units]
    _asked(found, layer, masks)
    return cast("LayerData", {**found, **figures})


def _asked(found: LayerData, layer: Layer, masks: bool) -> None:
    """Adds what a layer has only where it was asked for."""
    if layer.cost is not None:
        found["cost"] = layer.cost
    if layer.adds:
        found["adds"] = [number(x) for x in layer.adds]
    if layer.sigma:
        found["erf_sigma"] = [round(x, 6) for x in layer.sigma]
    if masks and layer.units:
        found["masks"] = [mask_data(unit) for unit in layer.units]


def operations_data(cost: Cost) -> dict[str, int]:
    """How many operations of each kind a layer does beside its multiply-accumulates."""
    found: dict[str, int] = {}
    for kind, count in cost.elements:
        found[kind] = found.get(kind, 0) + count
    return found


def shape_data(shape: Shape) -> ShapeData:
    """A shape."""
    return {"channels": shape.channels, "size": shape.size}


def unit_data(unit: UnitField) -> UnitData:
    """A traced unit."""
    return {"unit": unit.unit, "unclipped": unit.unclipped, "clipped": unit.clipped, "pixels": unit.pixels}


def mask_data(unit: UnitField) -> list[list[list[tuple[int, int]]]]:
    """The exact set of positions that a unit reads: a union of products, one list of runs [first, last] per axis."""
    return [[runs(bits) for bits in product] for product in unit.products]


def field_data(field: ReceptiveField) -> FieldData:
    """A receptive field."""
    found: FieldData = {
        "size": field.size,
        "size_min": field.size_min,
        "stride": None if field.stride is None else [number(x) for x in field.stride],
        "start": field.start,
        "coverage": field.coverage,
        "whole_input": field.whole_input,
        "center": None if field.center is None else {"unit": field.center.unit, "box": field.center.box},
    }
    if field.center0 is not None:
        found["center_of_unit_0"] = field.center0
    if field.coverage_bound:
        found["coverage_is_upper_bound"] = True
    if field.sized:
        found["depends_on_input_size"] = True
    if field.classes:
        found["channels"] = [{"channels": c.channels, "size": c.size} for c in field.classes]
    if field.misaligned:
        found["misaligned"] = str(field.misaligned)
    return found


def _why(graph: Graph, why: CriticalPaths) -> WhyData:
    axes: list[AxisData] = []
    for path in why.paths:
        shares: list[ShareData] = [
            {
                "layer": graph.nodes[share.node].name,
                "adds": number(share.adds),
                "before": number(share.before),
                "after": number(share.after),
            }
            for share in path.shares
        ]
        axes.append({"axis": path.axis, "unit": path.unit, "size": path.size, "path": shares})
    return {"layer": graph.nodes[why.target].name, "axes": axes}


def _effective(graph: Graph, erf: EffectiveField) -> ErfData:
    lines: list[MarginalData | None] = []
    for line in erf.marginals:
        lines.append(None if line is None else {"start": line.start, "shares": line.shares})
    return {"layer": graph.nodes[erf.target].name, "unit": erf.unit, "marginals": lines}
