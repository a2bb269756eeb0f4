"""All analyses of one graph, layer by layer and in total: what the command line prints and `rfcalc.analyze` returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field as default
from dataclasses import replace
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

from rfcalc.analyses import extras as figures
from rfcalc.analyses.extras import Figures
from rfcalc.analyses.memory import Peak, peak, saved
from rfcalc.analyses.receptive_field import Fields, ReceptiveField, Unit
from rfcalc.analyses.unproductive import unproductive
from rfcalc.errors import RuleError, fail
from rfcalc.fields.backward import runs
from rfcalc.graph import Graph, Node
from rfcalc.record import record
from rfcalc.relations.shape import Shape
from rfcalc.version import __version__

SCHEMA_VERSION = 1


@record
class Layer:
    """One layer and every figure of it. `units` holds the units that were asked for; `more` further keys of its JSON.
    `bounded`: the field is an upper bound, because of this layer (`bound` says why) or of one before it."""

    node: Node
    inputs: tuple[str, ...]
    field: ReceptiveField
    downsampling: tuple[Fraction, ...]
    units: tuple[Unit, ...] = ()
    unproductive: bool = False
    bounded: bool = False
    more: dict[str, Any] = default(default_factory=dict)

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

    @property
    def bound(self) -> str:
        """Why this layer's own reach is an upper bound; empty where it is exact."""
        return self.node.op.bound

    @property
    def uncounted(self) -> str:
        """Why its MACs are missing from the totals; empty where they are counted."""
        return self.node.op.uncounted

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
        if self.bounded:
            found["receptive_field"]["upper_bound"] = True
        found |= {key: why for key, why in (("bound", self.bound), ("uncounted", self.uncounted)) if why}
        if self.unproductive:
            found["unproductive"] = True
        if self.units:
            found["units"] = [unit_data(unit) for unit in self.units]
        return {**found, **self.more}


@record
class Analysis:
    """Every figure of a network. `layers` leaves out the inputs; `selected` are the layers that were asked for."""

    graph: Graph
    layers: tuple[Layer, ...]
    selected: tuple[Layer, ...]
    extra: dict[str, Any] = default(default_factory=dict)
    dtype_bytes: int = 4

    @cached_property
    def peak(self) -> Peak:
        """Peak of live activations at inference, batch 1."""
        return peak(self.graph, self.dtype_bytes)

    @cached_property
    def saved(self) -> int:
        """Bytes that training keeps for the backward pass, batch 1."""
        return saved(self.graph, self.dtype_bytes).bytes

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
            "saved_for_backward_bytes": self.saved,
            "dtype_bytes": self.dtype_bytes,
        }
        if uncounted := [layer.name for layer in self.layers if layer.uncounted]:
            found["totals"]["uncounted_layers"] = uncounted
        found["outputs"] = [nodes[i].name for i in self.graph.outputs]
        found["last_spatial"] = self.last_spatial.name if self.last_spatial else None
        return {**found, **self.extra, "layers": [layer.data() for layer in self.selected]}


def analyze(
    graph: Graph,
    *,
    select: Sequence[str] = (),
    at: Sequence[tuple[int, ...]] = (),
    dtype_bytes: int = 4,
    source: str = "",
    extra: Sequence[str] = (),
) -> Analysis:
    """Analyses a graph. `select`: globs over layer names; `at`: units (one index per spatial axis) to be traced in each
    selected layer that has them; `source`: the input to measure fields on (the first if empty); `extra`: further figures,
    of "why" (the critical path), "erf" (the effective field), "mask" (what units see, as sets), "cost:NAME" (a convention)."""
    fields = Fields(graph, graph.by_name[source] if source else None)
    nodes = range(len(graph.nodes))
    chosen = [i for i in nodes if not graph.nodes[i].is_input and _selected(graph.nodes[i], select)]
    wasted = unproductive(graph, [fields.of(i).size_min for i in nodes], fields.image)
    asked = _asked(graph, fields, chosen if select else (), extra)
    layers = {}
    for index, node in enumerate(graph.nodes):
        if not node.is_input:
            names = tuple(graph.nodes[i].name for i in node.inputs)
            down, more = _downsampling(fields.image, node.shape.size), asked.layers.get(index, {})
            layers[index] = Layer(node, names, fields.of(index), down, (), index in wasted, graph.bounded[index], more)
    selected = [_with_units(fields, i, layers[i], at, "mask" in extra) if at else layers[i] for i in chosen]
    return Analysis(graph, tuple(layers.values()), tuple(selected), asked.network, dtype_bytes)


def _asked(graph: Graph, fields: Fields, chosen: Sequence[int], extra: Sequence[str]) -> Figures:
    """The further figures that were asked for; raises SpecError where one cannot be given."""
    found = [figures.cost(graph, name.removeprefix("cost:")) for name in extra if name.startswith("cost:")]
    if {"why", "erf"} & set(extra):
        at = figures.target(graph, fields, chosen)
        try:
            found += [make(graph, fields, at) for name, make in (("why", figures.why), ("erf", figures.erf)) if name in extra]
        except RuleError as error:
            raise fail("E202", f"{graph.name}: {error}") from None
    if not found:
        return Figures()
    layers = {i: {key: v for one in found for key, v in one.layers.get(i, {}).items()} for i in range(len(graph.nodes))}
    return Figures({key: value for one in found for key, value in one.network.items()}, layers)


def _with_units(fields: Fields, index: int, layer: Layer, at: Sequence[tuple[int, ...]], masks: bool) -> Layer:
    size = layer.node.shape.size
    units = tuple(
        fields.unit(index, unit)
        for unit in at
        if len(unit) == len(size) and all(0 <= i < n for i, n in zip(unit, size, strict=True))
    )
    more = {**layer.more, "masks": [mask_data(unit) for unit in units]} if masks and units else layer.more
    return replace(layer, units=units, more=more)


def _selected(node: Node, globs: Sequence[str]) -> bool:
    if not globs:
        return True
    from fnmatch import fnmatchcase

    return any(fnmatchcase(node.name, glob) or fnmatchcase(node.part_of, glob) for glob in globs)


@lru_cache(maxsize=4096)
def _downsampling(image: tuple[int, ...], size: tuple[int, ...]) -> tuple[Fraction, ...]:
    if len(size) != len(image):
        return ()
    return tuple(Fraction(n, m) for n, m in zip(image, size, strict=True))


def number(value: Fraction) -> int | float:
    """A fraction as JSON has it: whole where it is whole."""
    return value.numerator if value.denominator == 1 else float(value)


def shape_data(shape: Shape) -> dict[str, Any]:
    """A shape as JSON."""
    return {"channels": shape.channels, "size": list(shape.size)}


def unit_data(unit: Unit) -> dict[str, Any]:
    """A traced unit as JSON."""
    return {"unit": list(unit.unit), "unclipped": unit.unclipped, "clipped": unit.clipped, "pixels": unit.pixels}


def mask_data(unit: Unit) -> list[list[list[list[int]]]]:
    """The exact set of positions that a unit reads, as JSON: a union of products, one list of runs [first, last] per axis."""
    return [[[list(run) for run in runs(bits)] for bits in product] for product in unit.products]


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
        found["misaligned"] = str(field.misaligned)
    return found
