"""Memory from the graph alone: the peak of live activations at inference, and what training keeps for the backward pass.

Counted are the layers' tensors and what a layer makes for itself while it runs; weights, the network's inputs and the
workspaces of kernels are not.

Peak. Layers run in the graph's order. A tensor is born with its layer, before that layer's inputs can die; it dies after its
last reader. PyTorch's eager mode keeps some a little longer, because a module's caller refers to its arguments: with `held`,
a module's inputs live until it has returned, where a module is a dotted scope (`layer1`, `layer1.0`) or a layer with its norm
and activation. Outputs of the network live to the end. An activation that can overwrites an input that nobody else reads.

That is what the layers' rules say of a spec. A program decides for itself what it overwrites and how long it refers to a
tensor: its figures are those that its run has shown. Where none was seen, the rules' figure is labelled: it is about that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rfcalc.analyses.storages import Storages, other_ways, settled, storages
from rfcalc.graph import Alive, Graph, Node
from rfcalc.layers.contract import Storage
from rfcalc.record import record, replace
from rfcalc.report.units import short

Run = list[int]  # first and last node of a module


@record
class Peak:
    """The most bytes that are alive at once, the node that runs then, and the nodes whose tensors those are; `during`: the
    bytes that are alive while each node runs. `about`: another figure is possible, because the rules do not know how every
    tensor lies; `unsure`: the nodes of which that is true."""

    bytes: int
    node: int | None
    live: tuple[int, ...]
    during: tuple[int, ...]
    about: bool = False
    unsure: frozenset[int] = frozenset()


@record
class Saved:
    """What the forward pass of training keeps: `bytes` for the whole batch, of which `fixed` do not grow with the batch
    (statistics of batch norms); `kept` are the nodes whose tensors are kept whole. `about`: as of a peak."""

    bytes: int
    fixed: int
    kept: tuple[int, ...]
    about: bool = False


@record
class Needed:
    """A network's memory, in bytes. `about`: it is not certain; `at`: the layer or module that runs then."""

    bytes: int
    about: bool = False
    at: str = ""

    @property
    def text(self) -> str:
        """As people read it: "about 11.2 MB"."""
        return "about " * self.about + short(self.bytes, "B")


def at_inference(graph: Graph, dtype_bytes: int = 4, ruled: Callable[[], Peak] | None = None) -> Needed:
    """Peak of live activations, batch 1: what a program's run has shown, or what the layers' rules say (`ruled` knows it)."""
    if graph.memory and graph.memory.peak:
        return _shown(graph, graph.memory.peak, dtype_bytes)
    found = ruled() if ruled else peak(graph, dtype_bytes)
    about = graph.memory is not None or found.about
    return Needed(found.bytes, about, "" if found.node is None else graph.nodes[found.node].name)


def in_training(graph: Graph, dtype_bytes: int = 4) -> Needed:
    """What the forward pass of training keeps, batch 1, likewise."""
    if graph.memory and graph.memory.saved:
        return _shown(graph, graph.memory.saved, dtype_bytes)
    found = saved(graph, dtype_bytes)
    return Needed(found.bytes, graph.memory is not None or found.about)


def _shown(graph: Graph, alive: Alive, dtype_bytes: int) -> Needed:
    """In another type than that of the run, what a norm computes may have a type of its own; and the run chose no kernels."""
    about = dtype_bytes != 4 or any(node.cost.perhaps for node in graph.nodes)
    return Needed(alive.bytes(dtype_bytes), about, alive.at)


def peak(graph: Graph, dtype_bytes: int = 4, inplace: bool = True, held: bool = True) -> Peak:
    """Peak of live activations by the layers' rules, batch 1. `inplace`: activations overwrite where they can. `held`: see the
    module's text; without it the figure is what a static memory planner reaches."""
    runs = _runs(graph.nodes) if held else None

    def found(lie: Storages) -> Peak:
        return _peak(graph, lie, runs, dtype_bytes)

    first = storages(graph, inplace)
    unknown = not settled(first) or any(node.facts.cost.untold for node in graph.nodes)
    result, everywhere = found(first), unknown or graph.memory is not None
    others = [found(storages(graph, inplace, other=other)) for other in other_ways(first)]
    nodes = range(len(graph.nodes))
    unsure = frozenset(j for j in nodes if everywhere or any(other.during[j] != result.during[j] for other in others))
    return replace(result, about=unknown or any(other.bytes != result.bytes for other in others), unsure=unsure)


def _peak(graph: Graph, lie: Storages, runs: list[list[Run]] | None, dtype_bytes: int) -> Peak:
    nodes, owner = graph.nodes, lie.owner
    death = list(range(len(nodes)))
    for j, node in enumerate(nodes):
        for i in node.inputs:
            last = j if runs is None else _released(runs[j], i, j)
            if last > death[owner[i]]:
                death[owner[i]] = last
    for i in graph.outputs:
        death[owner[i]] = len(nodes)
    freed = [0] * (len(nodes) + 1)
    now, sizes, during = 0, [], []
    for j, node in enumerate(nodes):
        facts = node.facts
        size = 0 if owner[j] != j or facts.is_input else facts.shape.elements + lie.spare[j]
        sizes.append(size)
        now += size
        freed[death[j]] += size
        during.append((now + facts.cost.inner - lie.spared[j] + lie.copies[j]) * dtype_bytes + facts.cost.scratch)
        now -= freed[j]
    most = max(during, default=0)
    at = during.index(most) if most else None
    live = () if at is None else tuple(i for i in range(at + 1) if sizes[i] and death[i] >= at)
    return Peak(most, at, live, tuple(during))


def saved(graph: Graph, dtype_bytes: int = 4, batch: int = 1) -> Saved:
    """What autograd keeps after a forward pass in training by the layers' rules, tensors that share storage once. An
    activation that overwrites its input keeps what one that does not keeps: its output, or (where its backward pass needs the
    input) a copy."""

    def found(lie: Storages) -> Saved:
        return _saved(graph, lie, dtype_bytes, batch)

    first = storages(graph, False, True)
    result, others = found(first), (storages(graph, False, True, other) for other in other_ways(first))
    unknown = not settled(first) or any(node.facts.cost.untold for node in graph.nodes)
    return replace(result, about=unknown or any(found(lie).bytes != result.bytes for lie in others))


def _saved(graph: Graph, lie: Storages, dtype_bytes: int, batch: int) -> Saved:
    nodes, owner, copies = graph.nodes, lie.owner, lie.copies
    kept: set[int] = set()
    elements = words = fixed = 0
    for i, node in enumerate(nodes):
        cost, taught = node.cost, graph.taught[i]
        learns = node.learns or any(taught)
        if cost.alone is not None and not any(taught):
            elements += cost.alone * learns
        elif learns:
            elements, words, fixed = elements + cost.saved, words + cost.words, fixed + cost.fixed
            reads = [node.inputs[k] for k in cost.keeps.read(taught)]
            elements += copies[i] if reads else 0
            kept.update(owner[j] for j in reads[1 if copies[i] else 0 :])
            if cost.keeps.output:
                kept.add(owner[i])
    tensors = tuple(sorted(i for i in kept if not nodes[i].is_input))
    elements += sum(nodes[i].shape.elements + lie.spare[i] for i in tensors)
    return Saved(batch * (elements * dtype_bytes + words * 4) + fixed, fixed, tensors)


def bytes_moved(node: Node, dtype_bytes: int = 4) -> int:
    """The least traffic of a layer for a roofline: each input once, the weights once, the output once; none for a view."""
    if node.cost.storage in (Storage.VIEW, Storage.IDLE):
        return 0
    inputs = {i: shape.elements for i, shape in zip(node.inputs, node.shapes, strict=True)}
    return (sum(inputs.values()) + node.unshared.params + node.shape.elements) * dtype_bytes


def _runs(nodes: Sequence[Node]) -> list[list[Run]]:
    """For each node, the modules around it, outermost first, each as a shared [first, last]."""
    around: list[list[Run]] = []
    runs: list[Run] = []
    before: str | None = None
    names: list[str] = []
    for i, node in enumerate(nodes):
        if node.part_of != before:
            before, parts = node.part_of, node.part_of.split(".")
            same = 0
            while same < min(len(parts), len(names)) and parts[same] == names[same]:
                same += 1
            runs = runs[:same] + [[i, i] for _ in parts[same:]]
            names = parts
        for run in runs:
            run[1] = i
        around.append(runs)
    return around


def _released(runs: Sequence[Run], source: int, reader: int) -> int:
    """The last node during which `reader`'s modules hold what they got from `source`."""
    for first, last in runs:
        if source < first:
            return last
    return reader
