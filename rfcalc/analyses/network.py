"""All analyses of one graph, layer by layer and in total: what the command line prints and `rfcalc.analyze` returns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from math import prod
from typing import TYPE_CHECKING, NoReturn

from rfcalc.analyses.memory import Needed, Peak, at_inference, bytes_moved, in_training, peak
from rfcalc.analyses.receptive_field import Fields, ReceptiveField, UnitField
from rfcalc.analyses.target import target
from rfcalc.analyses.training import Training, TrainingMemory, backward_macs, training_memory
from rfcalc.analyses.unproductive import unproductive
from rfcalc.errors import RuleError, fail, no_attribute
from rfcalc.graph import Graph, Node, layer_hint
from rfcalc.record import record
from rfcalc.relations.shape import Shape

if TYPE_CHECKING:
    from rfcalc.analyses.cost import Convention
    from rfcalc.analyses.erf import EffectiveField
    from rfcalc.analyses.why import CriticalPaths

DTYPES = {"fp64": 8, "fp32": 4, "tf32": 4, "fp16": 2, "bf16": 2, "fp8": 1, "int8": 1}  # bytes of a number

# What people look for at a layer, and what it is called.
CALLED = {
    "receptive_field": "field.size",
    "stride": "field.stride of the field, node.op.stride of the layer",
    "kernel": "node.op.kernel",
    "kernel_size": "node.op.kernel",
    "output": "shape",
    "size": "shape.size",
    "channels": "shape.channels",
    "flops": "2 * macs",
    "type": "op",
}


@record
class Layer:
    """One layer and what the analyses say of it.

    dtype_bytes: of a number, in the memory figures. live_bytes: of the activations that are alive while it runs, and
    live_about: whether that is not certain. weights: the layer whose weights it uses; empty for its own. bounded: the
    field is an upper bound, because of this layer or of one before it; bound: why, where it is this one. Where it was asked
    for: units: those that were traced. adds: what it adds to the field on the critical path, per axis. sigma: of its effective
    field, per axis. cost: by the convention of another tool. unread: of an output or the last map behind a global layer, the
    pixels that its middle unit does not read all the same.
    """

    node: Node
    inputs: tuple[str, ...]
    field: ReceptiveField
    downsampling: tuple[Fraction, ...]
    dtype_bytes: int = 4
    live_bytes: int = 0
    live_about: bool = False
    weights: str = ""
    unproductive: bool = False
    bounded: bool = False
    bound: str = ""
    units: tuple[UnitField, ...] = ()
    adds: tuple[Fraction, ...] = ()
    sigma: tuple[float, ...] = ()
    cost: int | None = None
    unread: int = 0

    @property
    def name(self) -> str:
        """The layer's full name."""
        return self.node.name

    @property
    def op(self) -> str:
        """What it is, as a spec calls it."""
        return self.node.op.word

    @property
    def shape(self) -> Shape:
        """Shape of its output, batch 1."""
        return self.node.shape

    @property
    def macs(self) -> int:
        """Multiply-accumulates, batch 1."""
        return self.node.cost.macs

    @property
    def params(self) -> int:
        """Learned numbers."""
        return self.node.cost.params

    @property
    def output_bytes(self) -> int:
        """Bytes of the output, batch 1."""
        return self.node.shape.elements * self.dtype_bytes

    @property
    def bytes_moved(self) -> int:
        """Bytes that it reads and writes at least, batch 1."""
        return bytes_moved(self.node, self.dtype_bytes)

    @property
    def uncounted(self) -> str:
        """Why its MACs are missing from the totals; empty where they are counted."""
        return self.node.op.uncounted

    def __repr__(self) -> str:
        figures = f"{self.params:,} parameters, {'? ' if self.uncounted else f'{self.macs:,} '}MACs"
        return f"<Layer {self.name}: {self.op}, {self.shape}, {figures}, receptive field {_seen(self)}>"

    if not TYPE_CHECKING:  # type checkers know what there is

        def __getattr__(self, name: str) -> NoReturn:
            raise no_attribute(self, name, CALLED)


@record
class Analysis:
    """What the analyses say of a network. `every`: its layers, which leaves out the inputs; `layers`: those that were asked
    for, or all. Figures of the network are of every layer. `why`, `erf`, `convention`: where they were asked for; the first
    two only if some layer has a field of its own. `ruled`: the peak of memory by the layers' rules. `optimizer`: what
    it trains with."""

    graph: Graph
    every: tuple[Layer, ...]
    layers: tuple[Layer, ...]
    dtype_bytes: int = 4
    why: CriticalPaths | None = None
    erf: EffectiveField | None = None
    convention: Convention | None = None
    ruled: Peak | None = None
    optimizer: str = "sgd"

    def __getitem__(self, key: str | int) -> Layer:
        """A layer by its name, or by its place among `layers`; raises KeyError with the nearest name, or IndexError."""
        if isinstance(key, int):
            return self.layers[key]
        if not isinstance(key, str):
            raise TypeError(f'a layer has a name, such as "{self._some}", or a number, not {type(key).__name__}')
        if key not in self._named:
            raise KeyError(f"{key}: {self._hint(key)}")
        return self._named[key]

    def __contains__(self, key: object) -> bool:
        """Whether there is a layer of that name, or that layer."""
        return key in self._named if isinstance(key, str) else key in self.layers

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __repr__(self) -> str:
        figures = f"{len(self.every)} layers, {self.params:,} parameters, {self.macs:,} MACs"
        seen = _seen(self.last_spatial) if self.last_spatial else "of the whole input"
        return f"<Analysis of {self.graph.name} at {self.input}: {figures}, receptive field {seen}>"

    @cached_property
    def _named(self) -> dict[str, Layer]:
        return {layer.name: layer for layer in self.every}

    @property
    def _some(self) -> str:
        return self.every[0].name if self.every else ""

    def _hint(self, name: str) -> str:
        """What may have been meant by a name that no layer has."""
        if any(sign in name for sign in "*?["):
            return f'a pattern chooses layers where they are analysed: analyze(..., layers="{name}")'
        return layer_hint(name, self._named) or "there is no such layer"

    @cached_property
    def peak(self) -> Needed:
        """Peak of live activations at inference, batch 1."""
        return at_inference(self.graph, self.dtype_bytes, self.ruled)

    @cached_property
    def saved(self) -> Needed:
        """What training keeps for the backward pass, batch 1."""
        return in_training(self.graph, self.dtype_bytes)

    @cached_property
    def training_flops(self) -> int:
        """FLOPs of a forward and a backward pass, batch 1."""
        return 2 * (self.macs + sum(backward_macs(self.graph)))

    @cached_property
    def training(self) -> TrainingMemory:
        """The memory of training with the optimizer, batch 1."""
        buffers = sum(layer.node.cost.buffers for layer in self.every)
        return training_memory(self.params, buffers, self.saved.bytes, self.optimizer, self.dtype_bytes)

    @property
    def input(self) -> Shape:
        """Shape of the (first) input."""
        return self.graph.nodes[self.graph.inputs[0]].shape

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates of the network, batch 1."""
        return sum(layer.macs for layer in self.every)

    @cached_property
    def params(self) -> int:
        """Learned numbers of the network."""
        return sum(layer.params for layer in self.every)

    @cached_property
    def outputs(self) -> tuple[Layer, ...]:
        """The layers that are outputs."""
        names = [self.graph.nodes[i].name for i in self.graph.outputs]
        return tuple(self._named[name] for name in names if name in self._named)

    @cached_property
    def last_spatial(self) -> Layer | None:
        """The last layer that is still a map."""
        at = self.graph.last_spatial
        return None if at is None else self._named[self.graph.nodes[at].name]


def _seen(layer: Layer) -> str:
    """A layer's field in a few words."""
    size = layer.field.size
    if size is None:
        return "of the whole input" if layer.field.whole_input else "of no pixel"
    return "at most " * layer.bounded + "x".join(map(str, size))


def analyze(
    graph: Graph,
    *,
    select: Sequence[str] = (),
    at: Sequence[tuple[int, ...]] = (),
    dtype_bytes: int = 4,
    source: str = "",
    why: bool = False,
    erf: bool = False,
    convention: str = "",
    optimizer: str = "",
) -> Analysis:
    """Analyses a graph. `select`: globs over layer names; `at`: units (one index per spatial axis) to be traced in each
    selected layer that has them; `source`: the input to measure fields on (the first if empty). Further answers: `why`, the
    critical path to the layer that is meant; `erf`, the effective fields; `convention`, the cost as another tool counts, a key
    of cost.CONVENTIONS. `optimizer`: a key of training.OPTIMIZERS; empty: what the spec says. Raises SpecError
    where one of them cannot be given."""
    fields = Fields(graph, graph.by_name[source] if source else None)
    nodes = range(len(graph.nodes))
    chosen = [i for i in nodes if not graph.nodes[i].is_input and _selected(graph.nodes[i], select)]
    wasted = unproductive(graph, [fields.of(i).size_min for i in nodes], fields.image)
    further = _further(graph, fields, chosen if select else (), why, erf, convention)
    traced = set(chosen if at else ())
    ends = {*graph.outputs, graph.last_spatial}
    ruled = peak(graph, dtype_bytes)
    layers = {
        i: Layer(
            node=node,
            inputs=tuple(graph.nodes[j].name for j in node.inputs),
            field=fields.of(i),
            downsampling=_downsampling(fields.image, node.shape.size),
            dtype_bytes=dtype_bytes,
            live_bytes=ruled.during[i],
            live_about=i in ruled.unsure,
            unproductive=i in wasted,
            bounded=fields.bounded(i),
            bound=fields.bound(i),
            units=_units(fields, i, node.shape.size, at) if i in traced else (),
            weights="" if node.weights is None else graph.nodes[node.weights].name,
            adds=further.why.adds(i) if further.why else (),
            sigma=further.sigmas[i] if further.sigmas else (),
            cost=further.convention.amounts[i] if further.convention else None,
            unread=_unread(fields, i) if i in ends else 0,
        )
        for i, node in enumerate(graph.nodes)
        if not node.is_input
    }
    trained = optimizer or graph.stated("train", Training()).optimizer
    asked = tuple(layers[i] for i in chosen)
    return Analysis(
        graph, tuple(layers.values()), asked, dtype_bytes, further.why, further.erf, further.convention, ruled, trained
    )


@record
class _Further:
    """What was asked for beyond the figures of every layer."""

    why: CriticalPaths | None
    erf: EffectiveField | None
    sigmas: Sequence[tuple[float, ...]]
    convention: Convention | None


def _further(graph: Graph, fields: Fields, chosen: Sequence[int], why: bool, erf: bool, convention: str) -> _Further:
    end = target(graph, fields, chosen) if why or erf else None
    paths: CriticalPaths | None = None
    effective: EffectiveField | None = None
    sigmas: Sequence[tuple[float, ...]] = ()
    if why and end is not None:
        from rfcalc.analyses.why import critical_paths

        try:
            paths = critical_paths(graph, fields.supports, end)
        except RuleError as error:
            raise fail("E202", f"{graph.name}: {error}") from None
    if erf:
        from rfcalc.analyses.erf import deviations, effective_field

        sigmas = deviations(graph, fields.source)
        effective = None if end is None else effective_field(graph, end, fields.source)
    if not convention:
        return _Further(paths, effective, sigmas, None)
    from rfcalc.analyses.cost import by_convention

    return _Further(paths, effective, sigmas, by_convention(graph, convention))


def _units(fields: Fields, index: int, size: tuple[int, ...], at: Sequence[tuple[int, ...]]) -> tuple[UnitField, ...]:
    """The units of a layer that were asked for, as far as it has them."""
    return tuple(
        fields.unit(index, unit)
        for unit in at
        if len(unit) == len(size) and all(0 <= i < n for i, n in zip(unit, size, strict=True))
    )


def _unread(fields: Fields, index: int) -> int:
    """The pixels that the middle unit of a layer does not read, though a global layer lets it see the whole image."""
    if not fields.of(index).whole_input:
        return 0
    unit = [n // 2 for n in fields.graph.nodes[index].shape.size]
    return prod(fields.image) - fields.seen(index, unit).pixels()


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
