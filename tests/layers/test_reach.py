"""What a layer says it reads against the gradients of its own torch source, every unit and channel, borders included.

Left out are layers whose gradients vanish although something is read (extremes, cut-off functions, interpolation on the grid),
norms over positions, which count as the identity, flatten, which as a whole sees what its input saw, and layers that say
themselves that their field is a bound. Channels that are told together are compared together.
"""

from __future__ import annotations

from itertools import product

import pytest
import torch

from rfcalc.layers.contract import Op
from rfcalc.layers.words import make
from rfcalc.relations.shape import Shape
from tests.layers.cases import CASES, IMPORTED_CASES, Case, label
from tests.layers.torch_layer import TorchLayer

EXTREMES = {"maxpool", "adaptivemaxpool", "gmp", "max", "min"}
LEFT_OUT = {*EXTREMES, "upsample", "instancenorm", "gn", "flatten"}


def checked(case: Case) -> bool:
    word, settings, shapes = case
    op = make(word, **settings)
    size = op.shape(shapes).elements * sum(shape.elements for shape in shapes)
    return size < 300_000 and word not in LEFT_OUT and settings.get("over") != "all" and not op.bound


def stated(op: Op, shapes: tuple[Shape, ...], source: int) -> torch.Tensor:
    """[output unit, input unit] True where the op says that it reads, channels first, from the definition of a Read."""
    out, given = op.shape(shapes), shapes[source]
    found = torch.zeros(out.elements, given.elements, dtype=torch.bool)
    for row, (channel, *unit) in enumerate(product(range(out.channels), *map(range, out.size))):
        for read in op.reach(shapes):
            if read.source != source or any(i % period != phase for i, (period, phase) in zip(unit, read.phases, strict=False)):
                continue
            wanted = read.channels.pull(1 << channel)
            channels = [c for c in range(given.channels) if wanted >> c & 1]
            axes = read.axes or tuple(None if out.rank != given.rank else ... for _ in given.size)
            spots = [
                range(n) if axis is None else [unit[k]] if axis is ... else axis.read(unit[k], n)
                for k, (axis, n) in enumerate(zip(axes, given.size, strict=True))
            ]
            for c, *spot in product(channels, *spots):
                at = c
                for i, n in zip(spot, given.size, strict=True):
                    at = at * n + i
                found[row, at] = True
    return found


@pytest.mark.parametrize("case", [case for case in (*CASES, *IMPORTED_CASES) if checked(case)], ids=label)
def test_reads_are_gradients(case: Case) -> None:
    word, settings, shapes = case
    op = make(word, **settings)
    torch.manual_seed(0)
    layer = TorchLayer(op, shapes).double().eval()
    for parameter in layer.parameters():
        torch.nn.init.uniform_(parameter, 0.02, 0.1)
    inputs = tuple(torch.rand(1, shape.channels, *shape.size, dtype=torch.float64) + 0.1 for shape in shapes)
    jacobians = torch.autograd.functional.jacobian(layer, inputs, vectorize=True)
    for source, (jacobian, shape) in enumerate(zip(jacobians, shapes, strict=True)):
        gradients = jacobian.reshape(-1, shape.elements).abs() > 1e-12
        told = stated(op, shapes, source)
        if any(read.together for read in op.reach(shapes)):
            gradients, told = (each.unflatten(0, (op.shape(shapes).channels, -1)).any(0) for each in (gradients, told))
        assert torch.equal(gradients, told), f"input {source}"
