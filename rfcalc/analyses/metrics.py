"""The figures of a network and of its layers: each is one record of METRICS, which tables, CSV, JSON, budgets, the baseline,
diff and the editor's schema read. No other place lists them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import Enum, Flag, auto
from typing import TYPE_CHECKING

from rfcalc.record import record
from rfcalc.report.units import number, plain, short

if TYPE_CHECKING:
    from rfcalc.analyses.layer import Layer
    from rfcalc.analyses.network import Analysis

Figure = float | None
CHANGE = "_change"  # after a figure's name: a limit on its change
SIGMAS = 4  # the width of an effective field: 95 % of a Gaussian on one axis


class Unit(Enum):
    """What a figure counts, in the order of a table's columns."""

    OPERATIONS = auto()
    NUMBERS = auto()
    BYTES = auto()
    LAYERS = auto()
    PIXELS = auto()
    RATIO = auto()
    MILLISECONDS = auto()

    @property
    def is_cost(self) -> bool:
        """Whether it counts what is paid: operations, numbers, bytes."""
        return self in (Unit.OPERATIONS, Unit.NUMBERS, Unit.BYTES)

    def show(self, value: float) -> str:
        """A figure as people read it: "4.09 G", "22.5 MB", "427"."""
        if self.is_cost:
            return short(int(value), "B" if self is Unit.BYTES else "")
        return f"{value:,.4g} ms" if self is Unit.MILLISECONDS else plain(value)


class Better(Enum):
    """Which figures are better, as the signs of the limits that one sets on them."""

    LESS = ("<=",)
    MORE = (">=",)
    NEITHER = (">=", "<=")


class Shown(Flag):
    """Where a figure is shown besides JSON and budgets (all of them) and CSV (all that single layers have)."""

    NOWHERE = 0
    TABLE = auto()
    BASELINE = auto()
    DIFF = auto()
    EVERYWHERE = TABLE | BASELINE | DIFF


@record
class Metric:
    """A figure.

    name: its key in budgets, and in JSON and baselines unless `key` is another. title: its column's head.
    text: what messages call it. absent: what stands in its place. option: its word in options such as --max-WORD, or empty.

    Functions say how it is computed. each: for a layer; that of several is their sum, or what `over` makes of them, and a
    network's too unless `whole` says it. axes: for a layer, one number per axis of its map; `worst` chooses the one that stands
    for all, and a network's is that of its last map. whole: for a network. They give None, or no axes, where there is no such
    figure (the field of a layer that sees all). about: for a network, whether the figure is not certain,
    and unsure: for a layer; placed: whether that of a layer depends on what stands around it; owes: what it comes from, in a
    few words, where only `whole` knows.
    """

    name: str
    title: str
    text: str
    unit: Unit
    better: Better
    each: Callable[[Layer], float] | None = None
    axes: Callable[[Layer], Sequence[float]] | None = None
    over: Callable[[Iterable[float]], float] = sum
    worst: Callable[[Sequence[float]], float] = max
    whole: Callable[[Analysis], Figure] | None = None
    about: Callable[[Analysis], bool] = lambda analysis: False
    unsure: Callable[[Layer], bool] | None = None
    owes: Callable[[Analysis], str] = lambda analysis: ""
    key: str = ""
    absent: str = "all"
    option: str = ""
    shown: Shown = Shown.NOWHERE
    placed: bool = False

    @property
    def stored(self) -> str:
        """Its key in JSON and baselines."""
        return self.key or self.name

    def __reduce__(self) -> tuple[Callable[[str], Metric], tuple[str]]:
        """A pickle, such as that of a network with a budget, names the figure: functions cannot be pickled."""
        return _named, (self.name,)

    @property
    def per_layer(self) -> bool:
        """Whether single layers have it."""
        return self.whole is None or self.each is not None

    @property
    def adds_up(self) -> bool:
        """Whether a layer has it by itself, so that it is that of several layers by their sum."""
        return self.each is not None and self.over is sum

    def of_layer(self, layer: Layer) -> Figure:
        """A layer's figure."""
        if self.axes:
            found = self.axes(layer)
            return self.worst(found) if found else None
        return self.each(layer) if self.each else None

    def of_network(self, analysis: Analysis) -> Figure:
        """A network's figure."""
        if self.whole:
            return self.whole(analysis)
        if self.axes:
            return self.of_layer(analysis.last_spatial) if analysis.last_spatial else None
        if self.each and self.over is sum and not self.placed:
            return sum(count * self.each(layer) for layer, count in analysis.kinds)
        return self.of_layers(analysis.every)

    def of_layers(self, layers: Sequence[Layer]) -> float:
        """The figure of several layers together, the last of which stands for all where it does not add up."""
        if self.axes:
            return (layers and self.of_layer(layers[-1])) or 0
        return self.over(map(self.each, layers)) if self.each and layers else 0


def _longest(analysis: Analysis) -> str:
    """The part of a network with the most layers."""
    part, count = Counter(layer.name.partition(".")[0] for layer in analysis.every).most_common(1)[0]
    return f"{count} of them in {part}"


def _named(name: str) -> Metric:
    return BY_NAME.get(name) or next(metric for metric in ASKED_FOR if metric.name == name)


METRICS: tuple[Metric, ...] = (
    Metric(
        name="layers",
        title="layers",
        text="layers",
        unit=Unit.LAYERS,
        better=Better.NEITHER,
        whole=lambda analysis: len(analysis.every),
        owes=lambda analysis: _longest(analysis),
        shown=Shown.BASELINE,
    ),
    Metric(
        name="params",
        title="params",
        text="parameters",
        unit=Unit.NUMBERS,
        better=Better.LESS,
        each=lambda layer: layer.params,
        option="params",
        shown=Shown.EVERYWHERE,
    ),
    Metric(
        name="buffers",
        title="buffers",
        text="buffers",
        unit=Unit.NUMBERS,
        better=Better.LESS,
        each=lambda layer: layer.node.cost.buffers,
        option="buffers",
    ),
    Metric(
        name="macs",
        title="MACs",
        text="MACs",
        unit=Unit.OPERATIONS,
        better=Better.LESS,
        each=lambda layer: layer.macs,
        option="macs",
        shown=Shown.EVERYWHERE,
    ),
    Metric(
        name="flops",
        title="FLOPs",
        text="FLOPs",
        unit=Unit.OPERATIONS,
        better=Better.LESS,
        each=lambda layer: 2 * layer.macs,
        option="flops",
    ),
    Metric(
        name="output_bytes",
        title="output bytes",
        text="bytes of the outputs",
        unit=Unit.BYTES,
        better=Better.LESS,
        each=lambda layer: layer.output_bytes,
    ),
    Metric(
        name="bytes_moved",
        title="bytes moved",
        text="bytes read and written: each input, the weights and the output once, nothing for a view",
        unit=Unit.BYTES,
        better=Better.LESS,
        each=lambda layer: layer.bytes_moved,
    ),
    Metric(
        name="memory",
        key="peak_activation_bytes",
        title="memory",
        text="peak activation memory",
        unit=Unit.BYTES,
        better=Better.LESS,
        each=lambda layer: layer.live_bytes,
        over=max,
        whole=lambda analysis: analysis.peak.bytes,
        about=lambda analysis: analysis.peak.about,
        unsure=lambda layer: layer.live_about,
        owes=lambda analysis: f"while {analysis.peak.at} runs" if analysis.peak.at else "",
        option="memory",
        shown=Shown.BASELINE | Shown.DIFF,
        placed=True,
    ),
    Metric(
        name="saved_for_backward",
        key="saved_for_backward_bytes",
        title="saved",
        text="memory saved for the backward pass",
        unit=Unit.BYTES,
        better=Better.LESS,
        whole=lambda analysis: analysis.saved.bytes,
        about=lambda analysis: analysis.saved.about,
        owes=lambda analysis: f"the largest output is that of {max(analysis.every, key=lambda layer: layer.output_bytes).name}",
        option="saved",
    ),
    Metric(
        name="training_flops",
        title="training FLOPs",
        text="FLOPs of a forward and a backward pass",
        unit=Unit.OPERATIONS,
        better=Better.LESS,
        whole=lambda analysis: analysis.training_flops,
        owes=lambda analysis: f"{short(2 * analysis.macs)} of them forward",
    ),
    Metric(
        name="training_memory",
        key="training_memory_bytes",
        title="training memory",
        text="memory of weights, gradients, optimizer state and kept activations",
        unit=Unit.BYTES,
        better=Better.LESS,
        whole=lambda analysis: analysis.training.bytes,
        about=lambda analysis: analysis.saved.about,
        owes=lambda analysis: analysis.training.text,
        option="training",
    ),
    Metric(
        name="receptive_field",
        title="field",
        text="receptive field",
        unit=Unit.PIXELS,
        better=Better.NEITHER,
        axes=lambda layer: layer.field.size or (),
        worst=min,
        option="rf",
        shown=Shown.BASELINE | Shown.DIFF,
    ),
    Metric(
        name="stride",
        title="stride",
        text="stride",
        unit=Unit.PIXELS,
        better=Better.LESS,
        axes=lambda layer: tuple(map(number, layer.field.stride or ())),
        shown=Shown.BASELINE | Shown.DIFF,
    ),
    Metric(
        name="downsampling",
        title="downsampling",
        text="downsampling",
        unit=Unit.RATIO,
        better=Better.LESS,
        axes=lambda layer: tuple(map(number, layer.downsampling)),
        option="downsampling",
    ),
)

# Of networks that are compared, and only of an analysis that was asked for it: no budget.
EFFECTIVE = Metric(
    name="effective_field",
    title="effective",
    text="effective field",
    unit=Unit.PIXELS,
    better=Better.MORE,
    axes=lambda layer: tuple(SIGMAS * sigma for sigma in layer.sigma),
    worst=min,
)

# Measured, of networks that are compared. It does not judge them: it scatters, and is another one on another machine.
LATENCY = Metric(
    name="latency",
    title="latency",
    text="latency",
    unit=Unit.MILLISECONDS,
    better=Better.NEITHER,
    whole=lambda analysis: None,
    key="latency_ms",
    absent="-",
)
ASKED_FOR = (EFFECTIVE, LATENCY)

BY_NAME = {metric.name: metric for metric in METRICS}
TOTALS = tuple(metric for metric in METRICS if not metric.axes)
OF_LAYERS = tuple(metric for metric in METRICS if metric.each)
UNSURE = tuple((metric.stored, metric.unsure) for metric in OF_LAYERS if metric.unsure)
PLACED = tuple(metric for metric in OF_LAYERS if metric.placed)
OF_MAPS = tuple(metric for metric in METRICS if metric.axes)
COLUMNS = tuple(sorted(OF_LAYERS, key=lambda metric: metric.unit.value))  # of tables and CSV
# By the words that a table of layers is sorted by: their names, and those of their options.
SORTED = {word: metric for metric in METRICS if metric.per_layer for word in (metric.name, metric.option) if word}
