"""The effective receptive field (Luo 2016), measured: gradients of one unit of the built network, random or trained."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import torch
from torch import Tensor, nn

from rfcalc.analyses.erf import moments
from rfcalc.backends.torch.build import random_inputs, recorded, seeded
from rfcalc.backends.torch.checkpoint import load_weights
from rfcalc.errors import fail
from rfcalc.graph import Graph
from rfcalc.record import record

WITHIN = 1 - 0.9545  # Luo 2016: a pixel belongs to the effective field if its gradient reaches this share of the largest


@record(eq=False)
class Effective:
    """`energy`: mean squared gradient per pixel, sum 1; `sigma`: its standard deviation per axis, in pixels; `pixels`: how
    many belong to the field by Luo's rule; `weights` says where they come from."""

    graph: Graph
    layer: int
    unit: tuple[int, ...]
    samples: int
    weights: str
    energy: Tensor

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


def effective_field(
    graph: Graph, layer: int, samples: int, seed: int, device: str = "cpu", tensors: Mapping[str, Tensor] | None = None
) -> Effective:
    """Adds up the squared gradients of a layer's centre unit over `samples` random inputs, each with random signs of the
    unit's channels, and with new random weights (He's initialization) for each unless trained `tensors` are given.

    Raises SpecError where the tensors do not fit or the gradient vanishes.
    """
    unit = tuple(n // 2 for n in graph.nodes[layer].shape.size)
    total = torch.zeros(graph.nodes[graph.inputs[0]].shape.size, dtype=torch.float64)
    how, outputs = "random (He), drawn anew for each sample", dict[int, Tensor]()
    module = recorded(graph, outputs.__setitem__, device=device) if tensors is not None else None
    if module is not None and tensors is not None:
        how = load_weights(module, tensors)
    for sample in range(seed, seed + samples):
        with seeded(sample):
            run = module if module is not None else _initialized(recorded(graph, outputs.__setitem__, device=device))
        inputs = tuple(x.requires_grad_() for x in random_inputs(graph, device=device, seed=sample))
        run.requires_grad_(False)(*inputs)
        chosen = outputs[layer][(0, slice(None), *unit)]
        signs = torch.randn(chosen.shape, generator=torch.Generator().manual_seed(sample)).sign().to(device)
        if chosen.requires_grad:
            (gradient,) = torch.autograd.grad((chosen * signs).sum(), [inputs[0]], allow_unused=True)
            total += 0 if gradient is None else gradient[0].double().square().sum(0).cpu()
        outputs.clear()
    if not torch.isfinite(total).all() or float(total.sum()) <= 0:
        raise fail("E704", f"{graph.nodes[layer].name}: the gradient of its centre unit vanishes or overflows")
    return Effective(graph, layer, unit, samples, how, total / total.sum())


def _initialized(module: nn.Module) -> nn.Module:
    """He's variance for every weight of a convolution or linear layer, no bias."""
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


def picture(found: Effective) -> list[list[float]]:
    """The energy as rows of a picture: one row for one axis, summed over the first of three."""
    energy = found.energy
    while energy.dim() > 2:
        energy = energy.sum(0)
    rows: list[list[float]] = (energy if energy.dim() == 2 else energy[None]).tolist()
    return rows
