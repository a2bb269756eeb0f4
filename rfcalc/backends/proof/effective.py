"""The effective receptive field (Luo 2016), measured: gradients of one unit of the built network, random or trained."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import torch
from torch import Tensor, nn

from rfcalc.analyses.erf import moments
from rfcalc.backends.torch.build import drawing, recorded, seeded
from rfcalc.backends.torch.checkpoint import load_weights
from rfcalc.backends.torch.subject import Subject
from rfcalc.backends.torch.watched import layers_of_run
from rfcalc.errors import fail
from rfcalc.graph import Graph
from rfcalc.origin import call_with
from rfcalc.progress import each
from rfcalc.record import record
from rfcalc.relations.shape import Shape

MOST_BYTES = 8 * 10**9
WITHIN = 1 - 0.9545  # Luo 2016: a pixel belongs to the effective field if its gradient reaches this share of the largest


@record(eq=False)
class Effective:
    """`energy`: mean squared gradient per pixel, sum 1; `sigma`: its standard deviation per axis, in pixels; `pixels`: how
    many belong to the field by Luo's rule; `weights` says where they come from."""

    network: Subject
    layer: int
    unit: tuple[int, ...]
    samples: int
    weights: str
    energy: Tensor

    @property
    def graph(self) -> Graph:
        """The network's graph."""
        return self.network.graph

    @property
    def sigma(self) -> tuple[float, ...]:
        """Standard deviation of the energy per axis, in pixels."""
        axes = range(self.energy.dim())
        others = ([k for k in axes if k != axis] for axis in axes)
        return tuple(_deviation(self.energy.sum(rest) if rest else self.energy) for rest in others)  # of [] torch sums all

    @property
    def theory(self) -> tuple[float, ...] | None:
        """The same for random weights by the analysis, far from borders; None where it has no answer."""
        state = moments(self.graph, self.graph.inputs[0])[self.layer]
        return None if state is None else tuple(axis.sigma for axis in state)

    @property
    def pixels(self) -> int:
        """How many pixels have a gradient of at least 4.55 % of the largest."""
        return int((self.energy.sqrt() >= WITHIN * self.energy.max().sqrt()).sum())


def _need_memory(graph: Graph, layer: int) -> None:
    """Raises SpecError where the maps up to a layer, and their gradients, take more memory than is asked for."""
    nodes = graph.nodes[: layer + 1]
    if 2 * torch.float32.itemsize * sum(node.shape.elements for node in nodes) > MOST_BYTES:
        largest = max(nodes, key=lambda node: node.shape.elements)
        raise fail(
            "E703",
            f'{graph.name}: its gradients need more than {MOST_BYTES / 1e9:.0f} GB; "{largest.name}" alone has {largest.shape}',
            largest.span,
            "a smaller --input, or an earlier --layer, needs less",
        )


def effective_field(
    network: Subject, layer: int, samples: int, seed: int, device: str = "cpu", tensors: Mapping[str, Tensor] | None = None
) -> Effective:
    """Adds up the squared gradients of a layer's centre unit over `samples` random inputs, each with random signs of the
    unit's channels, and with new random weights (He's initialization) for each unless trained `tensors` are given. A layer that
    one's own module does not give back is looked at in the rebuilt one.

    Raises SpecError where the tensors do not fit or the gradient vanishes.
    """
    graph, origin = network.graph, network.graph.origin
    if origin is not None and not origin.shows(layer):
        network = Subject(graph, False)
    _need_memory(graph, layer)
    unit = tuple(n // 2 for n in graph.nodes[layer].shape.size)
    total = torch.zeros(graph.nodes[graph.inputs[0]].shape.size, dtype=torch.float64)
    how = "random (He), drawn anew for each sample"
    with seeded(seed):
        observed = Observed(network, layer, device)
    if tensors is not None:
        how = load_weights(observed.module, tensors)
    for sample in each("gradients of random samples", range(seed, seed + samples)):
        with seeded(sample):
            if tensors is None:
                _initialized(observed.module)
        image, output = observed(sample)
        chosen = output[(0, slice(None), *unit)]
        signs = torch.randn(chosen.shape, generator=torch.Generator().manual_seed(sample)).sign().to(device)
        if chosen.requires_grad:
            (gradient,) = torch.autograd.grad((chosen * signs).sum(), [image], allow_unused=True)
            total += 0 if gradient is None else gradient[0].double().square().sum(0).cpu()
    if not torch.isfinite(total).all() or float(total.sum()) <= 0:
        raise fail("E704", f"{graph.nodes[layer].name}: the gradient of its centre unit vanishes or overflows")
    return Effective(network, layer, unit, samples, how, total / total.sum())


class Observed:
    """A network whose runs give a layer: called with a seed, it gives its first input and the layer's output."""

    def __init__(self, network: Subject, layer: int, device: str) -> None:
        self.network, self.layer, self.device = network, layer, device
        self.seen: dict[int, Tensor] = {}
        built = recorded(network.graph, self.seen.__setitem__, device=device) if not network.own else None
        self.module = (built or network.module(device=device)).requires_grad_(False)

    def __call__(self, seed: int) -> tuple[Tensor, Tensor]:
        """Runs it once."""
        graph, origin, inputs = self.network.graph, self.network.graph.origin, list[Tensor]()
        draw = drawing(1, self.device, torch.float32, seed)

        def image(shape: Shape) -> Tensor:
            inputs.append(draw(shape).requires_grad_())
            return inputs[-1].clone()

        self.seen.clear()
        if self.network.own and origin is not None:
            call = call_with(origin.arguments, image)
            self.seen |= layers_of_run(graph, origin, self.module, call, {self.layer})
        else:
            self.module(*(image(graph.nodes[i].shape) for i in graph.inputs))
        if self.layer not in self.seen:
            raise fail("E704", f"{graph.nodes[self.layer].name}: the model's run does not give it back as its import has seen")
        output = self.seen[self.layer]
        self.seen.clear()
        return inputs[0], output


def _initialized(module: nn.Module) -> nn.Module:
    """He's variance for every weight of a convolution or linear layer, no bias; other layers as they are made."""
    for layer in module.modules():
        if isinstance(getattr(layer, "weight", None), Tensor) and layer.weight.dim() > 1:
            nn.init.kaiming_normal_(layer.weight)
            if isinstance(getattr(layer, "bias", None), Tensor):
                nn.init.zeros_(layer.bias)
    return module


def _deviation(marginal: Tensor) -> float:
    places = torch.arange(len(marginal), dtype=marginal.dtype)
    mean = (marginal * places).sum()
    return sqrt(max(0.0, float((marginal * (places - mean) ** 2).sum())))
