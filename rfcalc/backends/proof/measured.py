"""A network whose forward pass has run under the rules of `Positive`: what any unit of its layers reads, by gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from rfcalc.backends.proof.positive import Positive
from rfcalc.backends.torch.build import recorded
from rfcalc.backends.torch.watched import layers_of_run
from rfcalc.graph import Graph
from rfcalc.origin import Origin, call_with
from rfcalc.record import record
from rfcalc.relations.shape import Shape

MOST_BYTES = 10**9
MOST_OWN = 4 * 10**9
Unit = tuple[int, ...]


@record
class Measured:
    """A network whose forward pass has run: the gradient of any unit of the layers that were asked for."""

    inputs: tuple[Tensor, ...]
    outputs: Mapping[int, Tensor]

    def seen(self, index: int, unit: Unit, source: int) -> Tensor:
        """Which positions of input number `source` one unit reads, as a mask."""
        total = self.outputs[index][(0, slice(None), *unit)].sum()
        if not total.requires_grad:
            return torch.zeros(self.inputs[source].shape[2:], dtype=torch.bool)
        (gradient,) = torch.autograd.grad(total, [self.inputs[source]], retain_graph=True, allow_unused=True)
        if gradient is None:
            return torch.zeros(self.inputs[source].shape[2:], dtype=torch.bool)
        return (gradient[0] != 0).any(0)


def measure(graph: Graph, layers: Sequence[int], dtype: torch.dtype = torch.float64) -> Measured | None:
    """Runs the positive counterpart of the network; None if that takes too much memory."""
    if 3 * dtype.itemsize * sum(node.shape.elements for node in graph.nodes) > MOST_BYTES:
        return None
    wanted, outputs = set(layers), dict[int, Tensor]()

    def keep(index: int, output: Tensor) -> None:
        if index in wanted:
            outputs[index] = output

    module = recorded(graph, keep, dtype=dtype).requires_grad_(False)
    shapes = [graph.nodes[i].shape for i in graph.inputs]
    inputs = tuple(torch.ones(1, s.channels, *s.size, dtype=dtype, requires_grad=True) for s in shapes)
    for i, x in zip(graph.inputs, inputs, strict=True):
        keep(i, x)
    with Positive():
        module(*inputs)
    return Measured(inputs, outputs)


def measure_own(graph: Graph, origin: Origin, layers: Sequence[int]) -> Measured | None:
    """Runs somebody's own module so, for those of the layers that it, or a module of it, gives back; None if that takes too
    much memory. In float32 where memory is short, which is exact too."""
    numbers = 3 * sum(node.shape.elements for node in graph.nodes)
    if 4 * numbers > MOST_OWN:
        return None
    dtype = torch.float64 if 8 * numbers <= MOST_BYTES else torch.float32
    module = origin.make().to(dtype).requires_grad_(False)
    inputs: list[Tensor] = []

    def ones(shape: Shape) -> Tensor:
        inputs.append(torch.ones(1, shape.channels, *shape.size, dtype=dtype, requires_grad=True))
        return inputs[-1].clone()

    call = call_with(origin.arguments, ones)
    with Positive():
        outputs = layers_of_run(graph, origin, module, call, set(layers))
    for i, x in zip(graph.inputs, inputs, strict=True):
        if i in layers:
            outputs[i] = x
    return Measured(tuple(inputs), outputs)
