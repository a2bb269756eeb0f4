"""All analyses of one graph, layer by layer and in total: what the command line prints and `rfcalc.analyze` returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from rfcalc.analyses.layer import Found, Layer
from rfcalc.analyses.memory import Needed, Peak, at_inference, in_training
from rfcalc.analyses.receptive_field import Fields
from rfcalc.analyses.target import target
from rfcalc.analyses.training import Training, TrainingMemory, backward_macs, training_memory
from rfcalc.errors import RuleError, fail
from rfcalc.graph import Graph, Node, layer_hint
from rfcalc.record import record
from rfcalc.relations.shape import Shape

if TYPE_CHECKING:
    from rfcalc.analyses.cost import Convention
    from rfcalc.analyses.erf import EffectiveField
    from rfcalc.analyses.why import CriticalPaths

DTYPES = {"fp64": 8, "fp32": 4, "tf32": 4, "fp16": 2, "bf16": 2, "fp8": 1, "int8": 1}  # bytes of a number


@record
class Analysis:
    """What the analyses say of a network. `every`: its layers, which leaves out the inputs; `layers`: those that were asked
    for, or all. Figures of the network are of every layer. `why`, `erf`, `convention`: where they were asked for; the first
    two only if some layer has a field of its own. `optimizer`: what it trains with. `found`: what its layers say themselves
    from."""

    found: Found
    every: tuple[Layer, ...]
    layers: tuple[Layer, ...]
    erf: EffectiveField | None = None
    optimizer: str = "sgd"

    @property
    def graph(self) -> Graph:
        """What was analysed."""
        return self.found.graph

    @property
    def dtype_bytes(self) -> int:
        """Bytes of a number, in the memory figures."""
        return self.found.dtype_bytes

    @property
    def ruled(self) -> Peak:
        """The peak of memory by the layers' rules."""
        return self.found.ruled

    @property
    def why(self) -> CriticalPaths | None:
        """The critical path."""
        return self.found.why

    @property
    def convention(self) -> Convention | None:
        """The cost as another tool counts it."""
        return self.found.convention

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
        seen = self.last_spatial.seen if self.last_spatial else "of the whole input"
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
        return at_inference(self.graph, self.dtype_bytes, lambda: self.found.ruled)

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
        buffers = sum(count * layer.node.cost.buffers for layer, count in self.kinds)
        return training_memory(self.params, buffers, self.saved.bytes, self.optimizer, self.dtype_bytes)

    @property
    def input(self) -> Shape:
        """Shape of the (first) input."""
        return self.graph.nodes[self.graph.inputs[0]].shape

    @cached_property
    def kinds(self) -> list[tuple[Layer, int]]:
        """One of the layers that are alike, and how many of them there are."""
        found = {layer.kind: layer for layer in reversed(self.every)}
        counts = Counter([layer.kind for layer in self.every])
        return [(found[kind], count) for kind, count in counts.items()]

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates of the network, batch 1."""
        return sum(count * layer.macs for layer, count in self.kinds)

    @cached_property
    def params(self) -> int:
        """Learned numbers of the network."""
        return sum(count * layer.params for layer, count in self.kinds)

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
    nodes = graph.nodes
    chosen = [i for i, node in enumerate(nodes) if not node.is_input and _selected(node, select)]
    further = _further(graph, fields, chosen if select else (), why, erf, convention)
    traced = frozenset(chosen if at else ())
    found = Found(graph, fields, dtype_bytes, at, traced, further.why, further.sigmas, further.convention)
    layers = {i: Layer(node, i, found) for i, node in enumerate(nodes) if not node.is_input}
    trained = optimizer or graph.stated("train", Training()).optimizer
    asked = tuple(layers[i] for i in chosen)
    return Analysis(found, tuple(layers.values()), asked, further.erf, trained)


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


def _selected(node: Node, globs: Sequence[str]) -> bool:
    if not globs:
        return True
    from fnmatch import fnmatchcase

    return any(fnmatchcase(node.name, glob) or fnmatchcase(node.part_of, glob) for glob in globs)
