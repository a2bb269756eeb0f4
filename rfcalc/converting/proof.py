"""Whether two graphs are one network: the same layers in the same order, whatever their names are."""

from __future__ import annotations

from rfcalc.analyses.memory import peak
from rfcalc.converting.lines import canonical
from rfcalc.graph import Graph, Node
from rfcalc.layers.counted import Counted

WHOLE, HELD = -1, -2


def difference(graph: Graph, again: Graph) -> int | None:
    """Index of the first layer of a graph that is another one in the other graph; None if they are the same network, WHOLE if
    they differ as a whole (in outputs or memory), HELD if only the time differs for which modules hold their inputs."""
    places = dict(zip(graph.inputs, again.inputs, strict=False))
    new = [i for i, node in enumerate(again.nodes) if not node.is_input]
    old = [i for i, node in enumerate(graph.nodes) if not node.is_input]
    shapes = [[g.nodes[i].shape for i in g.inputs] for g in (graph, again)]
    if shapes[0] != shapes[1] or [graph.nodes[i].name for i in graph.inputs] != [again.nodes[i].name for i in again.inputs]:
        return WHOLE
    for i, j in zip(old, new, strict=False):
        places[i] = j
        wanted, read = tuple(places[k] for k in graph.nodes[i].inputs), again.nodes[j].inputs
        swap = wanted != read and graph.nodes[i].op.commutative and sorted(wanted) == sorted(read)
        owner = graph.nodes[i].weights
        shares = again.nodes[j].weights == (None if owner is None else places[owner])
        if (wanted != read and not swap) or not shares or not equal(graph.nodes[i], again.nodes[j]):
            return i
    if len(old) != len(new):
        return old[min(len(old), len(new)) - 1] if old else WHOLE
    if tuple(places[i] for i in graph.outputs) != again.outputs:
        return WHOLE
    for held, verdict in ((False, WHOLE), (True, HELD)):
        if any(peak(graph, 4, way, held).bytes != peak(again, 4, way, held).bytes for way in (True, False)):
            return verdict
    return None


def equal(a: Node, b: Node) -> bool:
    """Whether two layers are the same: word, settings, shape, and costs where those are given."""
    ops = [op.inner if isinstance(op := canonical(node.op, node.shapes), Counted) else op for node in (a, b)]
    counted = isinstance(a.op, Counted) or isinstance(b.op, Counted)
    return ops[0] == ops[1] and a.shape == b.shape and (not counted or a.cost == b.cost)
