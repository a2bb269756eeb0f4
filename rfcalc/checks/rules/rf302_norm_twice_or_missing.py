"""RF302: a norm behind a norm, or one convolution without where all others have one."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis
from rfcalc.analyses.unproductive import widens
from rfcalc.checks.model import Hit, Rule
from rfcalc.checks.structure import convolves, idle, indexed, source
from rfcalc.graph import Graph
from rfcalc.layers.traits import LayerKind

SHARE, LEAST = 0.9, 5


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires for a norm that directly reads a norm, and for the odd convolutions that reach their activation without one."""
    graph = analysis.graph
    deep = _before_spatial(graph)
    normed, bare = 0, []
    for i, layer in indexed(analysis):
        norm = layer.node.op.norm
        before = graph.nodes[source(graph, i, idle)].op if norm else None
        if norm and before and before.norm and (norm.centred or norm == before.norm):
            yield Hit(layer.name, f"normalizes what a {before.word} has just normalized")
        elif convolves(layer.node) and i in deep and layer.node.shape.positions > 1:
            behind = {graph.nodes[j].op.kind for j in graph.readers[i]}
            normed += LayerKind.NORM in behind
            if behind == {LayerKind.ACTIVATION} and not graph.nodes[source(graph, i)].is_input:
                bare.append(layer)
    if bare and normed >= LEAST and normed >= SHARE * (normed + len(bare)):
        for layer in bare:
            yield Hit(layer.name, f"has no normalization; {normed} other convolutions have one")


def _before_spatial(graph: Graph) -> set[int]:
    """Nodes that some convolution with a spatial kernel reads, at whatever distance."""
    before: set[int] = set()
    for i in reversed(range(len(graph.nodes))):
        for j in graph.readers[i]:
            node = graph.nodes[j]
            if j in before or (convolves(node) and widens(node)):
                before.add(i)
    return before


RULE = Rule(
    code="RF302",
    name="norm-twice-or-missing",
    summary="normalization doubled, or missing on a few convolutions of a network that otherwise has it",
    why=(
        "A norm right behind a norm changes nothing that its own scale and offset could not; mostly one of them was to be "
        "deleted. (A division by the length of each vector, `l2norm` or `rmsnorm`, does change what another norm gives, and "
        "stays silent.) A convolution that reaches its activation without a norm, where nine in ten others have one, is "
        "mostly forgotten: its outputs keep the scale of its weights, and training gets slower or unstable. The first "
        "convolution (SRResNet, DCGAN), heads, squeeze-and-excitation on 1x1 maps and pre-activated blocks go without on "
        "purpose, and stay silent."
    ),
    example="input: 3x32x32\nlayers:\n  - conv: {out: 16, k: 3, norm: bn, bias: false}\n  - bn\n  - relu\n",
    mend="Delete one of the two norms, or give the convolution `norm: bn` as its neighbours have it.",
    reference="Ioffe, Szegedy 2015, Batch Normalization, arXiv:1502.03167",
    find=find,
)
