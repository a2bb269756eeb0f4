"""The layer graph: immutable, in order of execution, with shapes inferred once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from rfcalc.errors import Problem, RuleError, Span, SpecError, did_you_mean, fail, no_attribute
from rfcalc.layers.contract import Cost, Op
from rfcalc.layers.counted import Counted
from rfcalc.layers.facts import Facts, facts_of
from rfcalc.origin import Origin
from rfcalc.record import field, record
from rfcalc.relations.channels import Mix
from rfcalc.relations.geometry import MOST_TAPS, MOST_UNITS
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape

MOST_ELEMENTS = 10**15


@record(eq=False)
class Node:
    """One layer in a graph. `facts`: what it is, on inputs of what shapes. `inputs` are indices of earlier nodes. `part_of` is
    the name of the layer as the spec wrote it (a convolution, its norm and its activation share one). `repeat` names the
    repeated item that the node belongs to, innermost last: ((scope, index, count), ...) such as (("layer1", 2, 3),).
    `weights` is the index of the earlier, equal layer whose weights this one uses; None for weights of its own, or none."""

    name: str
    facts: Facts
    inputs: tuple[int, ...]
    span: Span | None = None
    part_of: str = ""
    repeat: tuple[tuple[str, int, int], ...] = ()
    weights: int | None = None

    @property
    def op(self) -> Op:
        """The layer's record."""
        return self.facts.op

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of its inputs."""
        return self.facts.shapes

    @property
    def shape(self) -> Shape:
        """The shape of its output."""
        return self.facts.shape

    @property
    def reads(self) -> tuple[Read, ...]:
        """How this layer reads its inputs."""
        return self.facts.reads

    @property
    def cost(self) -> Cost:
        """What this layer costs; weights that are another layer's are counted there."""
        return self.facts.cost if self.weights is None else self.facts.cost_elsewhere

    @property
    def unshared(self) -> Cost:
        """What this layer would cost with weights of its own."""
        return self.facts.cost

    @property
    def learns(self) -> bool:
        """Whether it has learned weights, its own or another layer's."""
        return self.unshared.params > 0

    @property
    def is_input(self) -> bool:
        """True for an input of the network, which is no layer."""
        return self.facts.is_input


@record
class Alive:
    """Memory that is alive at once: `elements` of the activations' type, and bytes that do not depend on it; `at`: the module
    that runs then."""

    elements: int
    others: int
    at: str = ""

    def bytes(self, dtype_bytes: int = 4) -> int:
        """The bytes, with activations of a type."""
        return self.elements * dtype_bytes + self.others


@record
class MemoryOfRun:
    """What the run of a program in float32 has shown, batch 1: its peak at inference, and what training keeps for the backward
    pass; None where it could not be seen."""

    peak: Alive | None = None
    saved: Alive | None = None


# What people look for at a graph, and where it is.
ELSEWHERE = {
    **{name: f"rfcalc.{name}(graph)" for name in ("analyze", "to_yaml", "to_torch")},
    **{name: f"rfcalc.analyze(graph).{name}" for name in ("params", "macs", "flops", "to_dict", "to_frame")},
}


@record
class Stated:
    """A top-level key of a spec that an analysis may ask for: its value as it is written, and what it means. `own`: it is said
    of this very network, and of none that is made from it."""

    written: Any
    meaning: Any
    own: bool = False


@record(eq=False)
class Graph:
    """A network. `nodes` begin with its inputs; `outputs` are indices; `settings` keeps top-level keys of the spec that an
    analysis may ask for (budget, object_size); `kinds` the block of each scope, or the class of each module of an imported
    one; `rest`: what of a program could not be followed, empty for nothing; `memory` that of its run, which its layers do not
    tell, and `origin` the module itself; None for a spec, whose layers say it all."""

    name: str
    source: str
    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]
    settings: Mapping[str, Stated] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    rest: str = ""
    memory: MemoryOfRun | None = None
    origin: Origin | None = None

    def __repr__(self) -> str:
        return f"<Graph {self.name}: {len(self.layers)} layers>"

    if not TYPE_CHECKING:  # type checkers know what there is

        def __getattr__(self, name: str) -> NoReturn:
            raise no_attribute(self, name, ELSEWHERE)

    def stated(self, key: str, otherwise: Any) -> Any:
        """What a top-level key of the spec means; `otherwise` where the spec says nothing."""
        return self.settings[key].meaning if key in self.settings else otherwise

    @cached_property
    def inputs(self) -> tuple[int, ...]:
        """Indices of the input nodes."""
        return tuple(i for i, node in enumerate(self.nodes) if node.is_input)

    @cached_property
    def taught(self) -> tuple[tuple[bool, ...], ...]:
        """For each node, and each of its inputs, whether a gradient flows back into it: not where only its size counts, nor
        where nothing before it learns."""
        learns: list[bool] = []
        found = []
        for node in self.nodes:
            taught = tuple(learns[i] for i in node.inputs)
            if len(taught) > 1:
                read = {each.source for each in node.reads}
                taught = tuple(learned and k in read for k, learned in enumerate(taught))
            learns.append(node.learns or any(taught))
            found.append(taught)
        return tuple(found)

    @cached_property
    def layers(self) -> tuple[Node, ...]:
        """The nodes that are layers."""
        return tuple(node for node in self.nodes if not node.is_input)

    @cached_property
    def by_name(self) -> dict[str, int]:
        """Index of each node by its name."""
        return {node.name: i for i, node in enumerate(self.nodes)}

    @cached_property
    def readers(self) -> tuple[tuple[int, ...], ...]:
        """For each node, the nodes that read it."""
        readers: list[list[int]] = [[] for _ in self.nodes]
        for i, node in enumerate(self.nodes):
            for j in dict.fromkeys(node.inputs):
                readers[j].append(i)
        return tuple(map(tuple, readers))

    @cached_property
    def sharing(self) -> frozenset[int]:
        """The nodes whose weights several layers use."""
        users = {i: node.weights for i, node in enumerate(self.nodes) if node.weights is not None}
        return frozenset((*users, *users.values()))

    @cached_property
    def bounded(self) -> tuple[bool, ...]:
        """For each node, whether its field is an upper bound: because of its own layer, or of one on the way to it."""
        bounded: list[bool] = []
        for node, reason in zip(self.nodes, self.bounds, strict=True):
            bounded.append(bool(reason) or any(bounded[i] for i in node.inputs))
        return tuple(bounded)

    @cached_property
    def bounds(self) -> tuple[str, ...]:
        """For each node, why its own layer makes its field an upper bound; empty where it does not."""
        parted = _parted(self.nodes)
        return tuple(node.op.bound or parted.get(i, "") for i, node in enumerate(self.nodes))

    @cached_property
    def last_spatial(self) -> int | None:
        """Index of the last layer that is still a map: it has a spatial axis longer than 1, or no layer does."""
        spatial = [i for i, node in enumerate(self.nodes) if not node.is_input and node.shape.positions > 1 and node.shape.rank]
        return spatial[-1] if spatial else None


def unsharable(op: Op, shapes: Sequence[Shape], owner: Node) -> str:
    """Why a layer that reads such inputs cannot use the weights of another one; empty where it can."""
    own = op.cost(tuple(shapes))
    if not own.params and not own.buffers:
        return f"{op.word} has no weights"
    if owner.weights is not None:
        return f'"{owner.name}" uses the weights of another layer itself: name that one'
    if isinstance(owner.op, Counted):
        return f'"{owner.name}" has counts of its own'
    if type(op) is not type(owner.op):
        return f'"{owner.name}" is {owner.op.word}, not {op.word}'
    differ = [key for key, value in op.settings.items() if value != owner.op.settings[key]]
    if differ:
        told = [side.written[differ[0]] for side in (op, owner.op)]
        return f'its {differ[0]} is {told[0]}, that of "{owner.name}" {told[1]}'
    theirs = owner.op.cost(owner.shapes)
    if op != owner.op or (own.params, own.buffers) != (theirs.params, theirs.buffers):
        read = [", ".join(map(str, sides)) for sides in (shapes, owner.shapes)]
        return f'its weights for {read[0]} are not those of "{owner.name}" for {read[1]}'
    return ""


def _parted(nodes: Sequence[Node]) -> dict[int, str]:
    """The nodes that read some, but not all, of the channels whose positions are known of all of them together, and why that
    is a bound."""
    found: dict[int, str] = {}
    known: list[int] = []  # for each node, its channels that are known together only, as bits
    some = False
    for i, node in enumerate(nodes):
        mask, every = 0, (1 << node.shape.channels) - 1
        for read in node.reads if some or any(read.together for read in node.reads) else ():
            source = (1 << node.shapes[read.source].channels) - 1
            before, pulled = known[node.inputs[read.source]], read.channels.pull(every) & source
            if before & pulled and before & ~pulled:
                found[i] = f'of the channels of "{nodes[node.inputs[read.source]].name}" all are known together only'
            if read.together or type(read.channels) is not Mix:
                mask |= read.channels.push(source if read.together else before) & every
        known.append(mask)
        some = some or mask > 0
    return found


def check_limits(facts: Facts) -> None:
    """Raises RuleError for an output that is too large, or a relation that cannot be written down."""
    longest = max(facts.shape.size, default=0)
    if longest > MOST_UNITS or facts.shape.elements > MOST_ELEMENTS:
        raise RuleError(f"an output of {facts.shape} is beyond the limit of {MOST_UNITS:,} units on an axis, 1e15 in all")
    if longest > MOST_TAPS:  # the relation of a long axis may have too many phases
        _ = facts.reads


class Builder:
    """Collects layers in order of execution, and keeps every problem with its place."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source
        self.nodes: list[Node] = []
        self.names: dict[str, int] = {}
        self.kinds: dict[str, str] = {}
        self.problems: list[Problem] = []

    def add(
        self,
        name: str,
        op: Op,
        inputs: Sequence[int | None] = (),
        span: Span | None = None,
        part_of: str = "",
        repeat: tuple[tuple[str, int, int], ...] = (),
        weights: int | None = None,
    ) -> int | None:
        """Adds a layer and gives its index; None if it, or one of its inputs, is broken (the problem is kept)."""
        if name in self.names:
            self.problem("E110", f'the name "{name}" is used twice', span)
            return None
        sources = tuple([i for i in inputs if i is not None])
        if len(sources) < len(inputs):
            return None
        nodes = self.nodes
        shapes = tuple([nodes[i].facts.shape for i in sources])
        try:
            facts = facts_of(op, shapes)
            check_limits(facts)
        except RuleError as error:
            self.problem("E201", f'{op.word} "{name}": {error}', span)
            return None
        if weights is not None and (reason := unsharable(op, shapes, nodes[weights])):
            self.problem("E126", f'weights of "{name}": {reason}', span)
            return None
        self.names[name] = len(nodes)
        nodes.append(Node(name, facts, sources, span, part_of or name, repeat, weights))
        return self.names[name]

    def problem(self, code: str, message: str, span: Span | None = None, hint: str = "") -> None:
        """Keeps a problem for the report at the end."""
        self.problems.append(Problem(code, message, span, hint))

    def graph(self, outputs: Sequence[int], settings: Mapping[str, Stated] | None = None) -> Graph:
        """The finished graph; raises SpecError with every problem kept so far."""
        if self.problems:
            raise SpecError(self.problems)
        return Graph(self.name, self.source, tuple(self.nodes), tuple(outputs), settings or {}, self.kinds)


def layer_hint(glob: str, names: Iterable[str], setting: str = "") -> str:
    """Which layers were probably meant by a glob that matches none: those whose names it begins, or the nearest name."""
    known = list(names)
    if any(name.startswith(f"{glob}.") for name in known):
        return f"did you mean '{glob}.*{setting}'?"
    return did_you_mean(f"{glob}{setting}", [f"{name}{setting}" for name in known])


def no_layer(graph: Graph, glob: str) -> SpecError:
    """The error for a glob that matches no layer."""
    return fail("E120", f"{graph.name}: no layer matches {glob}", None, layer_hint(glob, graph.by_name))


def layers_like(graph: Graph, glob: str | None) -> list[int]:
    """The layers whose name matches a glob; none for None. Raises SpecError if it matches none."""
    if glob is None:
        return []
    matching = [i for i, node in enumerate(graph.nodes) if not node.is_input and fnmatchcase(node.name, glob)]
    if not matching:
        raise no_layer(graph, glob)
    return matching
