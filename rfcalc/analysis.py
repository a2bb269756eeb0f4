"""All analyses of one graph, layer by layer and in total: what the command line prints and `rfcalc.analyze` returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from rfcalc.analyses.memory import Peak, peak
from rfcalc.analyses.receptive_field import Fields, ReceptiveField, Unit
from rfcalc.graph import Graph, Node
from rfcalc.op import Shape
from rfcalc.version import __version__

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Layer:
    """One layer and every figure of it. `units` holds the units that were asked for."""

    node: Node
    inputs: tuple[str, ...]
    field: ReceptiveField
    downsampling: tuple[Fraction, ...]
    units: tuple[Unit, ...] = ()

    @property
    def name(self) -> str:
        """The layer's full name."""
        return self.node.name

    @property
    def macs(self) -> int:
        """Multiply-accumulates, batch 1."""
        return self.node.cost.macs

    @property
    def params(self) -> int:
        """Learned numbers."""
        return self.node.cost.params

    def data(self) -> dict[str, Any]:
        """This layer as the JSON contract has it."""
        node, cost = self.node, self.node.cost
        found: dict[str, Any] = {
            "name": node.name,
            "op": node.op.word,
            "inputs": list(self.inputs),
            "line": node.span.line if node.span else None,
            "output": shape_data(node.shape),
            "params": cost.params,
            "buffers": cost.buffers,
            "macs": cost.macs,
            "flops": 2 * cost.macs,
            "downsampling": [number(x) for x in self.downsampling],
            "receptive_field": field_data(self.field),
        }
        if self.units:
            found["units"] = [unit_data(unit) for unit in self.units]
        return found


@dataclass(frozen=True)
class Analysis:
    """Every figure of a network. `layers` leaves out the inputs; `selected` are the layers that were asked for."""

    graph: Graph
    layers: tuple[Layer, ...]
    selected: tuple[Layer, ...]
    peak: Peak
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def input(self) -> Shape:
        """Shape of the (first) input."""
        return self.graph.nodes[self.graph.inputs[0]].shape

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates of the network, batch 1."""
        return sum(layer.macs for layer in self.layers)

    @cached_property
    def params(self) -> int:
        """Learned numbers of the network."""
        return sum(layer.params for layer in self.layers)

    @cached_property
    def outputs(self) -> tuple[Layer, ...]:
        """The layers that are outputs."""
        index = {layer.name: layer for layer in self.layers}
        names = [self.graph.nodes[i].name for i in self.graph.outputs]
        return tuple(index[name] for name in names if name in index)

    @cached_property
    def last_spatial(self) -> Layer | None:
        """The last layer that is still a map."""
        at = self.graph.last_spatial
        name = None if at is None else self.graph.nodes[at].name
        return next((layer for layer in self.layers if layer.name == name), None)

    def data(self) -> dict[str, Any]:
        """The whole as the JSON contract has it."""
        nodes = self.graph.nodes
        found: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "rfcalc_version": __version__,
            "name": self.graph.name,
            "source": self.graph.source,
            "input": shape_data(self.input),
        }
        if len(self.graph.inputs) > 1:
            found["inputs"] = {nodes[i].name: shape_data(nodes[i].shape) for i in self.graph.inputs}
        found["totals"] = {
            "layers": len(self.layers),
            "params": self.params,
            "buffers": sum(layer.node.cost.buffers for layer in self.layers),
            "macs": self.macs,
            "flops": 2 * self.macs,
            "peak_activation_bytes": self.peak.bytes,
        }
        found["outputs"] = [nodes[i].name for i in self.graph.outputs]
        found["last_spatial"] = self.last_spatial.name if self.last_spatial else None
        return {**found, **self.extra, "layers": [layer.data() for layer in self.selected]}


def analyze(
    graph: Graph, *, select: Sequence[str] = (), at: Sequence[tuple[int, ...]] = (), dtype_bytes: int = 4, source: str = ""
) -> Analysis:
    """Analyses a graph. `select`: globs over layer names; `at`: units (one index per spatial axis) to be traced in each
    selected layer that has them; `source`: the input to measure fields on (the first if empty)."""
    fields = Fields(graph, graph.by_name[source] if source else None)
    layers = []
    for index, node in enumerate(graph.nodes):
        if node.is_input:
            continue
        names = tuple(graph.nodes[i].name for i in node.inputs)
        layers.append(Layer(node, names, fields.of(index), _downsampling(fields.image, node.shape)))
    chosen = [layer for layer in layers if _selected(layer.node, select)]
    if at:
        chosen = [_with_units(fields, layer, at) for layer in chosen]
    return Analysis(graph, tuple(layers), tuple(chosen), peak(graph, dtype_bytes))


def _with_units(fields: Fields, layer: Layer, at: Sequence[tuple[int, ...]]) -> Layer:
    size, index = layer.node.shape.size, fields.graph.by_name[layer.name]
    units = tuple(
        fields.unit(index, unit)
        for unit in at
        if len(unit) == len(size) and all(0 <= i < n for i, n in zip(unit, size, strict=True))
    )
    return Layer(layer.node, layer.inputs, layer.field, layer.downsampling, units)


def _selected(node: Node, globs: Sequence[str]) -> bool:
    if not globs:
        return True
    from fnmatch import fnmatchcase

    return any(fnmatchcase(node.name, glob) or fnmatchcase(node.part_of, glob) for glob in globs)


def _downsampling(image: tuple[int, ...], shape: Shape) -> tuple[Fraction, ...]:
    if shape.rank != len(image):
        return ()
    return tuple(Fraction(n, m) for n, m in zip(image, shape.size, strict=True))


def number(value: Fraction) -> int | float:
    """A fraction as JSON has it: whole where it is whole."""
    return value.numerator if value.denominator == 1 else float(value)


def shape_data(shape: Shape) -> dict[str, Any]:
    """A shape as JSON."""
    return {"channels": shape.channels, "size": list(shape.size)}


def unit_data(unit: Unit) -> dict[str, Any]:
    """A traced unit as JSON."""
    return {"unit": list(unit.unit), "unclipped": unit.unclipped, "clipped": unit.clipped, "pixels": unit.pixels}


def field_data(field: ReceptiveField) -> dict[str, Any]:
    """A receptive field as JSON."""
    found: dict[str, Any] = {
        "size": None if field.size is None else list(field.size),
        "size_min": None if field.size_min is None else list(field.size_min),
        "stride": None if field.stride is None else [number(x) for x in field.stride],
        "start": None if field.start is None else list(field.start),
        "coverage": field.coverage,
        "whole_input": field.whole_input,
        "center": None if field.center is None else {"unit": list(field.center.unit), "box": field.center.box},
    }
    if field.center0 is not None:
        found["center_of_unit_0"] = list(field.center0)
    if field.coverage_bound:
        found["coverage_is_upper_bound"] = True
    if field.classes:
        found["channels"] = [{"channels": c.channels, "size": list(c.size)} for c in field.classes]
    if field.misaligned:
        found["misaligned"] = field.misaligned
    return found
