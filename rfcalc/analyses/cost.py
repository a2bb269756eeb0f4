"""Cost: what each well-known tool would say, derived from one count of operations.

Every layer states its multiply-accumulates and its other operations by kind (`Cost.elements`). A convention is a whole number
per kind, so that its total is exact and can be taken apart: the terms say why two tools disagree. The factors are those of
FlopCounterMode (torch 2.13), fvcore 0.1.5 in eval(), ultralytics-thop 2.2 and ptflops 0.7 with its "pytorch" backend, for a
network made of torch's own modules.
"""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.graph import Graph, Node
from rfcalc.record import record

MAC = "mac"

# What one of each kind is. A kind of a normalization that learns no scale ends in "_plain".
KINDS: dict[str, str] = {
    MAC: "multiply-accumulate of a convolution or a matrix product",
    "bias": "output element that a bias is added to",
    "attention": "multiply-accumulate of q k^T or of the weighted sum of v, within an attention layer",
    "attention_softmax": "element of the attention weights",
    "masked_conv": "multiply-accumulate of a masked convolution, which tools that watch torch's modules do not see",
    "masked_bias": "output element that a masked convolution adds a bias to",
    "batch_norm": "element normalized by a batch norm",
    "batch_norm_plain": "element normalized by a batch norm without scale and offset",
    "layer_norm": "element normalized by a layer norm",
    "layer_norm_plain": "element normalized by a layer norm without scale and offset",
    "group_norm": "element normalized by a group norm",
    "group_norm_plain": "element normalized by a group norm without scale and offset",
    "instance_norm": "element normalized by an instance norm",
    "instance_norm_plain": "element normalized by an instance norm without scale and offset",
    "rms_norm": "element normalized by an RMS norm",
    "rms_norm_plain": "element normalized by an RMS norm without scale",
    "l2_norm": "element divided by the length of its channel vector, and scaled",
    "lrn": "element normalized by local response normalization",
    "lrn_window": "square summed by local response normalization",
    "lrn_padded": "element of local response normalization's input, channels padded",
    "relu": "element of a ReLU",
    "relu6": "element of a ReLU6",
    "silu": "element of a SiLU",
    "gelu": "element of a GELU",
    "hardswish": "element of a Hardswish",
    "hardsigmoid": "element of a Hardsigmoid",
    "sigmoid": "element of a sigmoid",
    "tanh": "element of a tanh",
    "mish": "element of a Mish",
    "selu": "element of a SELU",
    "softplus": "element of a Softplus",
    "leakyrelu": "element of a leaky ReLU",
    "elu": "element of an ELU",
    "prelu": "element of a PReLU",
    "softmax": "element of a softmax",
    "softmax_rows": "vector that a softmax normalizes",
    "max_pool": "element compared in a max pool's windows",
    "max_pool_input": "input element of a max pool",
    "avg_pool": "output element of an average pool",
    "avg_pool_window": "element summed in an average pool's windows, counted padding included",
    "avg_pool_input": "input element of an average pool",
    "adaptive_avg_pool": "output element of an adaptive or global average pool",
    "adaptive_avg_pool_window": "element summed in an adaptive or global average pool's windows",
    "adaptive_avg_pool1d_input": "input element of an adaptive or global average pool on 1 axis",
    "adaptive_avg_pool2d_input": "input element of an adaptive or global average pool on 2 axes",
    "adaptive_avg_pool3d_input": "input element of an adaptive or global average pool on 3 axes",
    "adaptive_max_pool": "element compared in an adaptive or global max pool's windows",
    "adaptive_max_pool_input": "input element of an adaptive or global max pool",
    "upsample_nearest1d": "output element of nearest upsampling on 1 axis",
    "upsample_nearest2d": "output element of nearest upsampling on 2 axes",
    "upsample_nearest3d": "output element of nearest upsampling on 3 axes",
    "upsample_linear1d": "output element of linear upsampling",
    "upsample_bilinear2d": "output element of bilinear upsampling",
    "upsample_trilinear3d": "output element of trilinear upsampling",
    "upsample_bicubic2d": "output element of bicubic upsampling",
    "add": "addition of two layers' elements, or of a learned number",
    "mul": "product of two layers' elements, or with a learned number",
    "max": "comparison of two layers' elements",
    "copy": "element moved",
    "computed": "element computed from stored numbers alone, such as a weight from its direction and length",
    "standardized": "element of a weight that is normalized with a scale",
    "standardized_plain": "element of a weight that is normalized without scale",
    "function": "element of another function of one number, or of it and a stored one",
    "reduce": "element joined by a sum, a mean or a maximum along an axis",
    "unknown": "output element of a layer that nobody knows",
}

# convention: factor of each kind that it counts. The negative ones take away multiply-accumulates that a tool overlooks.
CONVENTIONS: dict[str, dict[str, int]] = {
    "macs": {MAC: 1},
    "torch": {MAC: 2},
    "fvcore": {
        MAC: 1,
        "attention": -1,
        "batch_norm": 2,
        "batch_norm_plain": 1,
        "layer_norm": 5,
        "layer_norm_plain": 4,
        "group_norm": 5,
        "group_norm_plain": 4,
        "instance_norm": 5,
        "instance_norm_plain": 4,
        "standardized": 5,
        "standardized_plain": 4,
        "adaptive_avg_pool2d_input": 1,
        "upsample_nearest2d": 1,
        "upsample_bilinear2d": 4,
    },
    "thop": {
        MAC: 1,
        "masked_conv": -1,
        "batch_norm": 4,
        "batch_norm_plain": 2,
        "layer_norm": 4,
        "layer_norm_plain": 2,
        "group_norm": 4,
        "group_norm_plain": 2,
        "instance_norm": 4,
        "instance_norm_plain": 2,
        "rms_norm": 4,
        "rms_norm_plain": 2,
        "prelu": 1,
        "softmax": 3,
        "softmax_rows": -1,
        "avg_pool": 1,
        "avg_pool_window": 1,
        "adaptive_avg_pool": 1,
        "adaptive_avg_pool_window": 1,
        "upsample_linear1d": 5,
        "upsample_bilinear2d": 11,
        "upsample_trilinear3d": 31,
        "upsample_bicubic2d": 259,
    },
    "ptflops": {
        MAC: 1,
        "bias": 1,
        "attention": -1,
        "masked_conv": -1,
        "batch_norm": 2,
        "batch_norm_plain": 1,
        "layer_norm": 1,
        "layer_norm_plain": 1,
        "group_norm": 2,
        "group_norm_plain": 1,
        "instance_norm": 2,
        "instance_norm_plain": 1,
        "lrn": 3,
        "lrn_padded": 1,
        "relu": 2,
        "relu6": 1,
        "gelu": 2,
        "silu": 1,
        "leakyrelu": 1,
        "elu": 2,
        "prelu": 2,
        "softmax": 1,
        "max_pool_input": 2,
        "avg_pool_input": 2,
        "adaptive_avg_pool1d_input": 2,
        "adaptive_avg_pool2d_input": 2,
        "adaptive_avg_pool3d_input": 2,
        "adaptive_max_pool_input": 2,
        "upsample_nearest1d": 2,
        "upsample_nearest2d": 2,
        "upsample_nearest3d": 2,
        "upsample_linear1d": 2,
        "upsample_bilinear2d": 2,
        "upsample_trilinear3d": 2,
        "upsample_bicubic2d": 2,
    },
}


@record
class Convention:
    """What a network costs by a convention: each node, and all."""

    name: str
    amounts: tuple[int, ...]

    @property
    def total(self) -> int:
        """What the network costs."""
        return sum(self.amounts)


@record
class CostTerm:
    """One kind of operation in a network: how many, in which layers, and what each convention makes of it."""

    kind: str
    count: int
    layers: tuple[str, ...]

    @property
    def meaning(self) -> str:
        """What one of this kind is."""
        return KINDS.get(self.kind, f"element of {self.kind}")

    def factor(self, convention: str) -> int:
        """How often a convention counts one of this kind."""
        return CONVENTIONS[convention].get(self.kind, 0)

    def amount(self, convention: str) -> int:
        """What this kind adds to a convention's total."""
        return self.factor(convention) * self.count


def operations(node: Node) -> Iterator[tuple[str, int]]:
    """The kinds and counts of one layer's operations, its MACs first."""
    if node.cost.macs:
        yield MAC, node.cost.macs
    yield from node.cost.elements


def amount(node: Node, convention: str) -> int:
    """What one layer costs by a convention."""
    factors = CONVENTIONS[convention]
    return sum(factors.get(kind, 0) * count for kind, count in operations(node))


def by_convention(graph: Graph, name: str) -> Convention:
    """What a network costs by a convention, a key of CONVENTIONS."""
    return Convention(name, tuple(amount(node, name) for node in graph.nodes))


def total(graph: Graph, convention: str) -> int:
    """What a network costs by a convention; the sum of its terms."""
    return sum(amount(node, convention) for node in graph.nodes)


def terms(graph: Graph) -> tuple[CostTerm, ...]:
    """Every kind of operation in a network, in the order of KINDS; what no tool counts comes last."""
    counts: dict[str, int] = {}
    layers: dict[str, list[str]] = {}
    for node in graph.nodes:
        for kind, count in operations(node):
            counts[kind] = counts.get(kind, 0) + count
            layers.setdefault(kind, []).append(node.name)
    order = [*KINDS, *(kind for kind in counts if kind not in KINDS)]
    return tuple(CostTerm(kind, counts[kind], tuple(layers[kind])) for kind in order if counts.get(kind))
