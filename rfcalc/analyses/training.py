"""What a step of training costs: the multiply-accumulates of the backward pass, and the memory of weights, their gradients,
what an optimizer remembers of each, and what the forward pass keeps.

The backward pass of a product has a product of the same size for each of its operands that a gradient flows back into. The
gradient of an image is not computed, so the layers that read it have half. torch's FlopCounterMode counts the same, but for the
gradient of grouped weights, which it multiplies by the number of groups (torch 2.13).
"""

from __future__ import annotations

from rfcalc.graph import Graph
from rfcalc.record import record
from rfcalc.report.units import short

# What each optimizer of torch.optim remembers, in numbers per parameter (and one counter per tensor, which is left out).
OPTIMIZERS = {"sgd": 0, "momentum": 1, "adam": 2, "adamw": 2}


@record
class Training:
    """How a network is trained, as its spec says: images on a device at a time, None where it does not say; the optimizer."""

    batch: int | None = None
    optimizer: str = "sgd"


@record
class TrainingMemory:
    """The memory of training at batch 1, in bytes: `weights` with the buffers, `gradients`, `state` of the optimizer, `kept` by
    the forward pass. What lives for a moment only (the gradients of activations) is not in it."""

    optimizer: str
    weights: int
    gradients: int
    state: int
    kept: int

    @property
    def bytes(self) -> int:
        """All of them."""
        return self.weights + self.gradients + self.state + self.kept

    @property
    def text(self) -> str:
        """What it consists of."""
        parts = {"weights": self.weights, "gradients": self.gradients, "state": self.state, "kept": self.kept}
        told = ", ".join(f"{name} {short(size, 'B')}" for name, size in parts.items() if size)
        return f"with {self.optimizer}: {told}"


def backward_macs(graph: Graph) -> tuple[int, ...]:
    """Multiply-accumulates of the backward pass of each node, batch 1, from the sum of all outputs."""
    count = len(graph.nodes)
    asked, found = [False] * count, [0] * count
    for i in graph.outputs:
        asked[i] = True
    for i in reversed(range(count)):
        node, taught = graph.nodes[i], graph.taught[i]
        if not asked[i]:
            continue
        for j, flows in zip(node.inputs, taught, strict=True):
            asked[j] = asked[j] or flows
        if node.cost.macs and (node.learns or any(taught)):
            found[i] = node.op.backward_macs(node.shapes, node.cost.macs, taught)
    return tuple(found)


def training_memory(params: int, buffers: int, kept: int, optimizer: str, dtype_bytes: int) -> TrainingMemory:
    """The memory of a network with so many learned numbers and buffers, of whose forward pass `kept` bytes are kept. Raises
    KeyError for an optimizer that is not in OPTIMIZERS."""
    weights = params * dtype_bytes
    return TrainingMemory(optimizer, weights + buffers * dtype_bytes, weights, OPTIMIZERS[optimizer] * weights, kept)
