"""The data of the page of a network, from its analysis."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from rfcalc.analyses.erf import State, moments
from rfcalc.analyses.layer import Layer
from rfcalc.analyses.network import Analysis
from rfcalc.analyses.receptive_field import Fields
from rfcalc.analyses.rows import field_text
from rfcalc.analyses.target import target
from rfcalc.layers.label import label
from rfcalc.page.cards import budgets, cards, findings, pages
from rfcalc.page.extras import paths, stated_objects
from rfcalc.page.files import named
from rfcalc.page.leads import leads
from rfcalc.page.means import means
from rfcalc.page.supports import Supports
from rfcalc.record import field, record
from rfcalc.report.units import joined, percent

if TYPE_CHECKING:
    from rfcalc.report.findings import Finding
    from rfcalc.report.models.page import CardData, LayersData, MemoryData, ObjectData, PageData, RowsData

T = TypeVar("T", bound=Hashable)


class Interned(Generic[T]):
    """Different values in the order in which they came."""

    def __init__(self) -> None:
        self.places: dict[T, int] = {}

    def __call__(self, value: T) -> int:
        """The place of a value."""
        return self.places.setdefault(value, len(self.places))


@record
class Asked:
    """What a page has beside the analysis, where it was asked for. command: what made the page; found: what the rules say;
    times: of layers, in milliseconds; cards: more figures; objects: more sizes of objects; image: a picture as a data URL;
    paths: whether paths are counted."""

    command: str = ""
    found: Sequence[Finding] = ()
    times: Mapping[str, float] = field(default_factory=dict)
    cards: Sequence[CardData] = ()
    objects: Sequence[ObjectData] = ()
    image: str = ""
    paths: bool = False


def network_data(analysis: Analysis, asked: Asked = Asked()) -> PageData:  # noqa: B008 (a record does not change)
    """The page of a network."""
    graph, fields = analysis.graph, Fields(analysis.graph)
    supports, inputs = Supports(fields), [graph.nodes[i] for i in graph.inputs]
    states, led = moments(graph, fields.source), leads(fields)
    columns = _Columns(analysis, supports.of, asked.times, states)
    made: PageData = {
        "kind": "network",
        "title": graph.name,
        "source": named(graph.source),
        "command": asked.command,
        "inputs": [{"name": node.name, "channels": node.shape.channels, "size": node.shape.size} for node in inputs],
        "source_input": graph.inputs.index(fields.source),
        "outputs": graph.outputs,
        "chosen": target(graph, fields, ()),
        "cards": [*cards(analysis), *asked.cards],
        "budgets": budgets(analysis),
        "findings": findings(graph, asked.found),
        "pages": pages(asked.found),
        "layers": columns.layers,
        "ops": [{"word": word, "text": text} for word, text in columns.ops.places],
        "shapes": list(columns.shapes.places),
        "rows": columns.row_data(),
        "notes": list(columns.notes.places),
        "dtype_bytes": analysis.dtype_bytes,
        "lead": led.of,
        "fields": supports.data,
        "memory": _memory(analysis),
        "objects": [*stated_objects(graph, len(fields.image)), *asked.objects],
    }
    if led.differ:
        made["lead_differs"] = led.differ
    if offsets := means(fields, states):
        made["means"] = offsets
    if asked.paths:
        made["paths"] = paths(graph, fields)
    if asked.image:
        made["image"] = asked.image
    return made


class _Columns:
    """The layers as columns, and the lists that they refer to."""

    def __init__(
        self, analysis: Analysis, supports: Sequence[int], times: Mapping[str, float], states: Sequence[State]
    ) -> None:
        self.analysis, self.nodes = analysis, analysis.graph.nodes
        self.ops: Interned[tuple[str, str]] = Interned()
        self.shapes: Interned[tuple[int, tuple[int, ...]]] = Interned()
        self.rows: Interned[tuple[str, str, int, tuple[float, ...]]] = Interned()
        self.notes: Interned[str] = Interned()
        self.states = states
        self.layers = self._layers(supports, times)

    def row_data(self) -> RowsData:
        """Fields as the table shows them."""
        rows = list(self.rows.places)
        return {
            "field": [row[0] for row in rows],
            "stride": [row[1] for row in rows],
            "note": [row[2] for row in rows],
            "sigma": [row[3] or None for row in rows],
        }

    def _layers(self, supports: Sequence[int], times: Mapping[str, float]) -> LayersData:
        nodes, first = self.nodes, dict[str, int]()
        for i, node in enumerate(nodes):
            first.setdefault(node.part_of, i)
        known = {layer.name: layer for layer in self.analysis.every}
        figures = [known.get(node.name) for node in nodes]
        made: LayersData = {
            "name": [node.name for node in nodes],
            "part": [first[node.part_of] for node in nodes],
            "op": [self.ops((node.op.word, label(node.op, node.shape.rank))) for node in nodes],
            "shape": [self.shapes((node.shape.channels, node.shape.size)) for node in nodes],
            "inputs": {str(i): node.inputs for i, node in enumerate(nodes) if node.inputs != (i - 1,)},
            "support": supports,
            "field": [-1 if layer is None else self._row(layer, i) for i, layer in enumerate(figures)],
            "macs": [None if node.op.uncounted else node.cost.macs for node in nodes],
            "params": [node.cost.params for node in nodes],
            "live": [layer.live_bytes if layer else 0 for layer in figures],
        }
        if times:
            made["time"] = [times.get(node.name) for node in nodes]
        return made

    def _row(self, layer: Layer, index: int) -> int:
        """A layer's field, its stride, what else is to be said of it, and the sigma of its effective field."""
        stride = "-" if layer.field.stride is None else joined([float(x) for x in layer.field.stride])
        said = "; ".join(_notes(layer))
        sigma = tuple(round(axis.sigma, 2) for axis in self.states[index] or ())
        sigma = sigma[:1] if len(set(sigma)) == 1 else sigma
        return self.rows(("<=" * layer.bounded + field_text(layer.field), stride, self.notes(said) if said else -1, sigma))


def _notes(layer: Layer) -> Iterator[str]:
    field = layer.field
    if layer.bounded:
        yield f"at most: {layer.bound}" if layer.bound else "at most"
    if field.coverage not in (None, 1.0):
        yield f"{'at most ' * field.coverage_bound}{percent(min(field.coverage or 0, 0.999))} of the box is read"
    if layer.unproductive:
        yield "what it reads already sees more than the image"
    if field.misaligned:
        yield f"the inputs' {field.misaligned}"


def _memory(analysis: Analysis) -> MemoryData:
    peak = analysis.peak
    node = analysis.ruled.node if analysis.ruled else None
    return {"peak": analysis.graph.by_name.get(peak.at, node), "bytes": peak.bytes, "about": peak.about}
