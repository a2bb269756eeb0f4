"""Where the tensors of a spec lie: who shares whose memory, and which layers copy an input that does not lie in order.

What a layer does with its input depends on how the numbers lie that a layer before has left. That is known behind a layer that
says it, and not everywhere behind it: torch keeps an order of axes through some layers, and a part that was cut out may still
be in order for the one who reads it. There the rules take one of the two ways, and the layer is a doubt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import product

from rfcalc.graph import Graph, Node
from rfcalc.layers.contract import Cost, Storage
from rfcalc.record import record
from rfcalc.relations.shape import Shape

MOST_DOUBTS = 5  # of which every combination is tried


class Lies(Enum):
    """How the numbers of a tensor lie in its memory."""

    ORDER = "in order"
    LAST = "channels last"
    CUT = "not in order"
    MAYBE = "in order, as far as the rules know"


@record
class Storages:
    """For each node: the node whose memory its output lies in, how many elements it copies of its first input before it runs,
    how many of those that it makes for itself it needs not, and how many the memory of its output has beyond it. `doubts`:
    nodes of which that is not certain; `moved`: those of them that may also copy their input before they copy it into its new
    order."""

    owner: tuple[int, ...]
    copies: tuple[int, ...]
    spared: tuple[int, ...]
    spare: tuple[int, ...]
    doubts: tuple[int, ...]
    moved: tuple[int, ...] = ()


def storages(graph: Graph, inplace: bool, training: bool = False, other: Sequence[int] = ()) -> Storages:
    """The storages of a graph. `inplace`: activations overwrite where they can; `other`: doubts that go the other way, ~i for
    the node i that copies twice."""
    nodes, outputs = graph.nodes, set(graph.outputs)
    owner: list[int] = []
    copies, spared = [0] * len(nodes), [0] * len(nodes)
    doubts: list[int] = []
    lies: list[Lies] = []
    last_read = [len(nodes) if i in outputs else read[-1] if read else i for i, read in enumerate(graph.readers)]
    for i, node in enumerate(nodes):
        at, shared, copied, saves, cost = i, False, False, False, node.facts.cost
        if node.inputs:
            at, before = owner[node.inputs[0]], lies[node.inputs[0]]
            if not cost.orderly:
                doubts += [i] if _doubtful(node, before) else []
                shared, copied, saves = _habits(node, before, training, i in other)
                copied = copied or ~i in other
            if inplace and cost.storage is Storage.IN_PLACE:
                shared = last_read[at] <= i and not nodes[at].is_input and node.shape.elements == nodes[at].shape.elements
        owner.append(at if shared else i)
        if copied:
            copies[i] = node.shapes[0].elements
        if saves:
            spared[i] = cost.apart
        lies.append(_lies(node, cost, [lies[j] for j in node.inputs], shared))
        if shared:
            last_read[at] = max(last_read[at], last_read[i])
    moved = tuple(i for i in doubts if nodes[i].cost.moves)
    spare = [
        0 if (cost := node.facts.cost).orderly else cost.spare + cost.perhaps * (i in other) for i, node in enumerate(nodes)
    ]
    return Storages(tuple(owner), tuple(copies), tuple(spared), tuple(spare), tuple(doubts), moved)


def _habits(node: Node, before: Lies, training: bool, other: bool) -> tuple[bool, bool, bool]:
    """What a layer does with a first input that lies like this: whether its output is a view of it, whether it copies it before
    it runs, whether it spares what it needs apart. `other`: the other way."""
    cost = node.cost
    copied = cost.packs and other != (before in (Lies.CUT, Lies.LAST) and _axes(node.shapes[0]) > 1)
    view = cost.storage is Storage.VIEW or (cost.storage is Storage.IDLE and not training) or (cost.moves and other)
    return view and not copied, copied and not view, cost.apart > 0 and other != (before is Lies.LAST)


def settled(found: Storages) -> bool:
    """Whether the doubts are few enough for every combination to be tried."""
    return len(found.doubts) <= MOST_DOUBTS


def other_ways(found: Storages) -> Iterator[tuple[int, ...]]:
    """Every other way that the doubts can go, where they are few."""
    if settled(found):
        for way in product(*((None, i, ~i) if i in found.moved else (None, i) for i in found.doubts)):
            if other := tuple(i for i in way if i is not None):
                yield other


def _doubtful(node: Node, before: Lies) -> bool:
    """Whether it is not certain what a layer does with a first input that lies like this."""
    cost = node.cost
    if cost.perhaps:
        return True
    if _axes(node.shapes[0]) < 2 or before is Lies.ORDER or not (cost.packs or cost.apart or cost.moves):
        return False
    if before is Lies.LAST and cost.packs:  # a map with its channels last is copied where it becomes a vector
        return node.shape.rank > 0
    return cost.moves or before is not Lies.LAST


def _lies(node: Node, cost: Cost, inputs: Sequence[Lies], shared: bool) -> Lies:
    if cost.scattered and _axes(node.shape) > 1:
        return Lies.LAST if cost.last else Lies.CUT
    if shared:
        return inputs[0] if cost.storage in (Storage.IN_PLACE, Storage.IDLE) or inputs[0] is not Lies.LAST else Lies.CUT
    return Lies.MAYBE if cost.scattered or cost.last or any(each is not Lies.ORDER for each in inputs) else Lies.ORDER


def _axes(shape: Shape) -> int:
    """How many axes hold more than one number."""
    return sum(n > 1 for n in (shape.channels, *shape.size))
