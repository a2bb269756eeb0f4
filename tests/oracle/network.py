"""A layer graph as a float64 torch computation whose gradients show exactly what a unit reads.

Weights and inputs are positive, so nothing cancels: a gradient is zero if and only if no path leads there. Maximum becomes
average or sum, norms and activations the identity (those over channels a sum over channels), products of x and y
(1 + x/(1+x)) * (1 + y/(1+y)), interpolations the 0/1 matrix of the taps that torch's own interpolation weighs.

Of the program under test, only the graph's structure, the words and the settings are read: name, op.word, the op's settings
and node.inputs. Each layer's size is what torch makes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .layers import GLOBAL_WORDS, LAYERS

if TYPE_CHECKING:
    from rfcalc.graph import Graph


class Oracle:
    """The network with its values and gradients.

    `local`: what passes a global layer (global pooling, linear, flatten, a broadcast) is cut off. `sizes` replaces the
    sizes of the inputs, by node index; a node that does not fit them has the value None.
    Whatever passes a global layer also holds the parameter `beyond`, and each number that a layer reads from its padding the
    parameter `padding`: a unit touches padding on some path if and only if it has a gradient there (interpolation: where a
    unit at the edge is read).
    """

    def __init__(self, graph: Graph, local: bool = False, sizes: dict[int, Sequence[int]] | None = None, seed: int = 0) -> None:
        self.graph, self.local = graph, local
        self.random = torch.Generator().manual_seed(seed)
        self.beyond = torch.zeros((), dtype=torch.float64, requires_grad=True)
        self.padding = torch.zeros((), dtype=torch.float64, requires_grad=True)
        self.values: list[Tensor | None] = []
        for index, node in enumerate(graph.nodes):
            if node.op.word == "input":
                given = node.op.given  # type: ignore[attr-defined]
                size = given.size if sizes is None else tuple(sizes[index])
                self.values.append(self._positive(1, given.channels, *size).requires_grad_())
                continue
            inputs = [self.values[i] for i in node.inputs]
            try:
                value = None if any(x is None for x in inputs) else self._layer(node.op, inputs)
            except RuntimeError:
                if sizes is None:
                    raise
                value = None
            self.values.append(value)

    def shape(self, index: int) -> tuple[int, ...]:
        """Channels and size of a node's value."""
        return tuple(self._value(index).shape[1:])

    def reads(self, index: int, unit: Sequence[int], channel: int | None = None, source: int = 0) -> Tensor:
        """True at each position of input node `source` that a unit (one channel of it, or all) reads."""
        gradient = self._gradient(index, unit, channel, self._value(source))
        image = self._value(source)
        if gradient is None:
            return torch.zeros(image.shape[2:], dtype=torch.bool)
        return gradient[0].abs().sum(0) > 0

    def touches_padding(self, index: int, unit: Sequence[int], channel: int | None = None) -> bool:
        """True if the unit would see more if the input were larger."""
        gradient = self._gradient(index, unit, channel, self.padding)
        return gradient is not None and bool(gradient != 0)

    def sees_whole(self, index: int) -> bool:
        """True if some unit of a node has a path through a global layer."""
        value = self._value(index)
        if not value.requires_grad:
            return False
        gradient = torch.autograd.grad(value.sum(), self.beyond, retain_graph=True, allow_unused=True)[0]
        return gradient is not None and bool(gradient != 0)

    def reads_padding_only(self) -> bool:
        """True if some unit somewhere reads nothing but padding: it is zero, as nothing else is."""
        return any(value is not None and bool((value == 0).any()) for value in self.values)

    def global_path(self, x: Tensor) -> Tensor:
        """What a global layer reads: marked if it depends on an input at all, or cut off."""
        if self.local or not x.requires_grad:
            return x.detach()
        images = [value for value in self.values if value is not None and value.is_leaf]
        gradients = torch.autograd.grad(x.sum(), images, retain_graph=True, allow_unused=True)
        return x + self.beyond if any(g is not None and bool(g.any()) for g in gradients) else x

    def _value(self, index: int) -> Tensor:
        value = self.values[index]
        assert value is not None, f"{self.graph.nodes[index].name} has no value at this size"
        return value

    def _gradient(self, index: int, unit: Sequence[int], channel: int | None, wanted: Tensor) -> Tensor | None:
        value = self._value(index)
        if not value.requires_grad:
            return None
        at = value[(0, slice(None) if channel is None else channel, *unit)].sum()
        return torch.autograd.grad(at, wanted, retain_graph=True, allow_unused=True)[0]

    def _layer(self, op: Any, inputs: Sequence[Any]) -> Tensor:
        if op.word in GLOBAL_WORDS:
            inputs = [self.global_path(x) for x in inputs]
        return LAYERS[op.word](self, op, *inputs)

    def _positive(self, *shape: int) -> Tensor:
        return 0.5 + torch.rand(shape, dtype=torch.float64, generator=self.random)

    def weight(self, out: int, wide: int, kernel: Sequence[int]) -> Tensor:
        """Positive weights whose sum over a unit's taps is about one, so that values neither explode nor vanish."""
        weight = self._positive(out, wide, *kernel)
        return weight / weight[0].numel()

    def pad(self, x: Tensor, sides: Sequence[tuple[int, int]], mode: str = "zeros") -> Tensor:
        """`x` with padding, where each padded number also holds the parameter `padding`."""
        flat = [side for pair in reversed(sides) for side in pair]
        if not any(flat):
            return x
        mask = F.pad(torch.zeros_like(x, requires_grad=False), flat, value=1.0)
        padded = F.pad(x, flat) if mode == "zeros" else F.pad(x, flat, mode=mode)
        return padded + self.padding * mask if x.requires_grad else padded


def support(graph: Graph, node: int, unit: Sequence[int], channel: int | None = None, source: int = 0) -> Tensor:
    """Exactly the input positions with a gradient: one unit of one node, on its own."""
    return Oracle(graph).reads(node, unit, channel, source)
