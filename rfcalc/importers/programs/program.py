"""A program that is being followed: its tensors, the graph that grows from it, and whose parameters each layer holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rfcalc.errors import RuleError, Span, SpecError, fail
from rfcalc.graph import Builder, Graph, MemoryOfRun, unsharable
from rfcalc.importers.programs.layout import Layout, sizes_of, standard
from rfcalc.layers.contract import Op
from rfcalc.layers.counted import COMPUTED, Counted
from rfcalc.layers.words import make
from rfcalc.record import record
from rfcalc.relations.shape import Shape

PLAIN = ("weight", "bias", "running_mean", "running_var", "gain", "weight_g", "weight_v", "weight_orig")
Made = frozenset[tuple[str, str, int]]  # the step that does it, a kind of operation, how many


@record
class Tensor:
    """A tensor that depends on the input: a layer of the graph, and where that layer's axes lie."""

    node: int
    layout: Layout

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape in the program."""
        return sizes_of(self.layout)


@record
class Const:
    """A tensor that does not depend on the input: the stored tensors that it is made of, the work that makes it, and its value
    where that is known."""

    shape: tuple[int, ...]
    stored: frozenset[str] = frozenset()
    made: Made = frozenset()
    value: Any = None


@record
class Held:
    """A stored tensor of the model."""

    count: int
    learned: bool


@record
class ProgramPlace:
    """Where in the model and in whose file the program is: the module's path, its class, a line."""

    scope: str = ""
    kind: str = ""
    span: Span | None = None


@record
class CountedStorage:
    """What a layer counts: the stored tensors that no earlier layer has counted; `reads`: all that it is made of."""

    names: tuple[str, ...]
    params: int
    buffers: int
    made: tuple[tuple[str, int], ...] = ()  # kinds of operations on stored numbers alone, and how many
    reads: frozenset[str] = frozenset()

    def count(self, kind: str) -> int:
        """How many operations of a kind make what the layer reads."""
        return sum(count for made, count in self.made if made == kind)


class UnfollowedError(RuleError):
    """A step of the program that cannot be followed exactly."""


@dataclass
class Program:
    """What is known so far. `held` are the model's stored tensors by name; `containers` the scopes that hold other ones."""

    name: str
    source: str
    held: Mapping[str, Held]
    max_layers: int
    containers: frozenset[str] = frozenset()
    place: ProgramPlace = field(default_factory=ProgramPlace)

    def __post_init__(self) -> None:
        self.builder = Builder(self.name, self.source)
        self.counted: set[str] = set()  # stored tensors
        self.computed: set[tuple[str, str]] = set()  # from stored tensors alone, by step and kind
        self.claims: list[tuple[list[str], list[tuple[str, str]]]] = []
        self.idle: dict[str, list[str]] = {}
        self.kinds: dict[str, str] = {}
        self.scopes: dict[int, str] = {}  # the module that each layer is computed in
        self.stored: dict[int, tuple[str, ...]] = {}  # the tensors that it counts
        self.owners: dict[frozenset[str], int] = {}  # by the tensors that a layer is made of, the first such layer
        self.batch = 1  # that of the inputs

    def expect(self, used: Iterable[str]) -> None:
        """Tells which stored tensors the program reads; fixed ones that it does not are counted with their module's others."""
        reads = set(used)
        for name in self.held:
            if name not in reads and not self.held[name].learned:
                self.idle.setdefault(name.rpartition(".")[0], []).append(name)

    def shape(self, tensor: Tensor) -> Shape:
        """Shape of the tensor's layer."""
        return self.builder.nodes[tensor.node].shape

    def input(self, name: str, shape: Shape, batch: int = 1) -> Tensor:
        """An input of the network."""
        from rfcalc.layers.vocabulary.source import Input

        self.batch = batch
        index = self.builder.add(name, Input(shape))
        return Tensor(self._checked(index), standard(shape, batch))

    def claim(self, consts: Iterable[Any]) -> CountedStorage:
        """Counts the stored tensors and the work behind some constants, each once in the whole network."""
        names: list[str] = []
        reads: set[str] = set()
        fresh: list[tuple[str, str]] = []
        made: list[tuple[str, int]] = []
        for const in consts:
            if isinstance(const, Const):
                reads |= const.stored
                names += [name for name in sorted(const.stored) if name not in self.counted and name not in names]
                for key, kind, count in sorted(const.made):
                    if (key, kind) not in self.computed:
                        made.append((kind, count))
                        self.computed.add((key, kind))
                        fresh.append((key, kind))
        for scope in {name.rpartition(".")[0] for name in names}:
            names += self.idle.pop(scope, [])
        self.counted.update(names)
        self.claims.append((names, fresh))
        params = sum(self.held[name].count for name in names if self.held[name].learned)
        buffers = sum(self.held[name].count for name in names if not self.held[name].learned)
        return CountedStorage(tuple(names), params, buffers, tuple(made), frozenset(reads))

    def mark(self) -> tuple[int, int]:
        """A point to which `back_to` can return: how many layers and claims there are."""
        return len(self.builder.nodes), len(self.claims)

    def back_to(self, mark: tuple[int, int]) -> None:
        """Takes back the layers and claims since a mark: those of a step that could not be followed to its end."""
        nodes, claims = mark
        for node in self.builder.nodes[nodes:]:
            del self.builder.names[node.name]
        del self.builder.nodes[nodes:]
        for names, fresh in self.claims[claims:]:
            self.counted.difference_update(names)
            self.computed.difference_update(fresh)
        del self.claims[claims:]
        self.owners = {reads: node for reads, node in self.owners.items() if node < nodes}
        self.builder.problems.clear()

    def emit(
        self, op: Op, inputs: Sequence[Tensor], layout: Layout | None = None, claim: CountedStorage | None = None
    ) -> Tensor:
        """Adds a layer. Its tensor has the given layout, or else batch, channels and spatial axes in this order."""
        nodes = [tensor.node for tensor in inputs]
        shapes = [self.builder.nodes[i].shape for i in nodes]
        out = op.shape(shapes)
        cost = op.cost(shapes)
        found = claim or CountedStorage((), 0, 0)
        owner = self.owners.get(found.reads)
        fresh = owner is None or found.names or found.made
        shares = not fresh and not unsharable(op, shapes, self.builder.nodes[owner or 0])
        own = {"params": cost.params, "buffers": cost.buffers, "macs": cost.macs, **dict.fromkeys(COMPUTED, 0)}
        held = {"params": found.params, "buffers": found.buffers, "macs": cost.macs + found.count("macs")}
        given = {**held, **{kind: found.count(kind) for kind in COMPUTED}}
        if not shares and given != own:
            op = Counted(op, **{key: value for key, value in given.items() if value != own[key]})
        node = self._layer(self.pick(op.word, found.names), op, nodes, owner if shares else None)
        self.stored[node] = found.names
        if found.names:
            self.owners.setdefault(found.reads, node)
        return Tensor(node, standard(out) if layout is None else layout)

    def add(self, word: str, inputs: Sequence[Tensor], layout: Layout | None = None, **settings: Any) -> Tensor:
        """Adds a layer without parameters, by its word."""
        return self.emit(make(word, **settings), inputs, layout)

    def helper(self, word: str, tensor: Tensor, **settings: Any) -> Tensor:
        """Adds a layer that only brings a tensor into the form that the next layer reads; that one gets the module's name."""
        scope = self.place.scope
        node = self._layer(self._free(f"{scope}.{word}" if scope else word), make(word, **settings), [tensor.node])
        return Tensor(node, standard(self.builder.nodes[node].shape))

    def pick(self, word: str, stored: Sequence[str] = ()) -> str:
        """A new name: that of the weights, the module's path if the module is no container, or its path and the word."""
        scope, names = self.place.scope, self.builder.names
        owner = _owner([name for name in stored if self.held[name].learned] or stored)
        if owner and (owner == scope or owner.startswith(f"{scope}." if scope else "")) and owner not in names:
            return owner
        if scope and scope not in self.containers:
            return self._free(scope)
        return self._free(f"{scope}.{word}" if scope else word)

    def _free(self, stem: str) -> str:
        name, number = stem, 1
        while name in self.builder.names:
            number += 1
            name = f"{stem}_{number}"
        return name

    def unused(self) -> None:
        """Adds a layer for each part of the model whose stored tensors no layer has counted."""
        left: dict[str, list[str]] = {}
        for name in self.held:
            if name not in self.counted:
                left.setdefault(name.split(".")[0], []).append(name)
        for part, names in left.items():
            params = sum(self.held[name].count for name in names if self.held[name].learned)
            buffers = sum(self.held[name].count for name in names if not self.held[name].learned)
            self.place = ProgramPlace(names[0] if len(names) == 1 else part)
            index = self.builder.add(self._free(self.place.scope), make("unused", params=params, buffers=buffers))
            self._checked(index)

    def finish(self, outputs: Sequence[int], memory: MemoryOfRun | None = None) -> Graph:
        """The graph, with repeated modules marked so that they fold, and what is known of its memory; raises SpecError."""
        from rfcalc.importers.programs.folding import folded

        self.unused()
        graph = self.builder.graph(list(dict.fromkeys(outputs)))
        return replace(folded(graph), kinds=self.kinds, memory=memory or MemoryOfRun())

    def _layer(self, name: str, op: Op, nodes: Sequence[int], weights: int | None = None) -> int:
        if len(self.builder.nodes) >= self.max_layers:
            raise fail("E115", f"the program has more than {self.max_layers:,} layers", hint="--max-layers")
        index = self._checked(self.builder.add(name, op, nodes, self.place.span, weights=weights))
        self.scopes[index] = self.place.scope
        return index

    def _checked(self, index: int | None) -> int:
        if index is None:
            raise SpecError(self.builder.problems)
        return index


def _owner(stored: Sequence[str]) -> str:
    """The name of the layer that some stored tensors belong to: that of their module, or that of a number of its own."""
    if not stored:
        return ""
    name = next((name for name in stored if name.endswith("weight")), stored[0])
    module, parametrized, _ = name.partition(".parametrizations.")
    if parametrized:
        return module
    scope, _, leaf = name.rpartition(".")
    leaf = "" if leaf in PLAIN else leaf.removesuffix("_weight").removesuffix("_bias")
    return f"{scope}.{leaf}".strip(".")
