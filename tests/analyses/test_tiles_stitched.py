"""Random networks in torch, tiled exactly as told: the stitched tiles are the whole image's output."""

from __future__ import annotations

import os
import random
from fractions import Fraction

import pytest
import torch
from torch import Tensor, nn

from rfcalc.analyses.tiles import AxisTile, Tiling
from rfcalc.backends.torch.build import to_torch
from rfcalc.errors import RuleError
from rfcalc.fields.resized import ShapesAtSize, SizeError
from rfcalc.graph import Graph
from tests.oracle.recipes import Recipe, Step, build

COUNT = int(os.environ.get("RFCALC_ORACLE_EXAMPLES", "150"))


def some_step(rng: random.Random) -> Step:
    """A layer of a network on a line."""
    pads = (rng.randint(0, 3), rng.randint(0, 3))
    kernel, stride = rng.randint(1, 4), rng.choice([1, 1, 2, 3])
    choices = [
        *[Step("conv", 0, {"out": 2, "kernel": kernel, "stride": stride, "dilation": rng.randint(1, 2), "padding": (pads,)})]
        * 3,
        Step(
            "maxpool",
            0,
            {
                "kernel": kernel + 1,
                "stride": stride,
                "padding": ((0, 1),) if kernel > 1 else 0,
                "ceil_mode": rng.random() < 0.5,
            },
        ),
        Step("upconv", 0, {"out": 2, "kernel": rng.randint(1, 4), "stride": rng.randint(1, 3), "padding": 0}),
        Step("crop", 0, {"margin": (pads,)}),
        Step("crop", 0, {"margin": ((0, pads[1]),)}),
        Step("pad", 0, {"padding": (pads,), "mode": rng.choice(["zeros", "replicate"])}),
        Step("upsample", 0, {"scale": rng.choice([2, 3, 0.5, 1.5, 2.5, 4 / 3]), "mode": rng.choice(["nearest", "linear"])}),
        Step("upsample", 0, {"scale": rng.choice([1.3, 0.7]), "mode": "nearest"}),
        Step(
            "merge",
            rng.randint(0, 2),
            {"kind": "concat", "any_size": True, "fit": rng.choice(["crop", "nearest"]), "swap": False},
        ),
    ]
    return rng.choice(choices)


def module_at(sizes: ShapesAtSize, n: int) -> nn.Module:
    """The network in torch at another size; random weights, the same at every size."""
    module = to_torch(sizes.graph_at((n,)), dtype=torch.float64, seed=0)
    torch.manual_seed(0)
    for weight in module.parameters():
        nn.init.uniform_(weight, 0.5, 1.5)
    return module


def stitched(sizes: ShapesAtSize, axis: AxisTile, x: Tensor, count: int) -> Tensor:
    """`count` tiles, a step apart; of the first one what comes before its kept units too, of the last one what comes after."""
    per_step, parts = int(axis.step / axis.stride), []
    for k in range(count):
        part = module_at(sizes, axis.size)(x[..., k * axis.step : k * axis.step + axis.size])
        first = 0 if k == 0 else axis.keep[0]
        last = part.shape[-1] if k == count - 1 else axis.keep[0] + per_step
        parts.append(part[..., first:last])
    return torch.cat(parts, -1)


def check(graph: Graph, size: int) -> bool:
    """Whether there is a tiling of this size; fails where it has seams."""
    try:
        (axis,) = Tiling(graph, graph.outputs[0]).tile((size,))
    except RuleError:
        return False
    sizes = ShapesAtSize(graph)
    assert axis.keep[1] < axis.output
    image = size + 3 * axis.step
    x = torch.rand(1, graph.nodes[0].shape.channels, image, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    try:
        module = module_at(sizes, image)
    except SizeError:
        return False
    with torch.no_grad():
        whole, found = module(x), stitched(sizes, axis, x, 4)
    assert whole.shape == found.shape
    assert torch.allclose(whole, found, rtol=1e-9, atol=1e-9), [node.op for node in graph.nodes]
    return True


def test_a_fraction_that_rounds_is_refused() -> None:
    """0.7 * 180 is 125 in torch's floats, and 126 in tiles of 60."""
    steps = (Step("upsample", 0, {"scale": 0.7, "mode": "nearest"}), Step("conv", 0, {"out": 2, "kernel": 3}))
    graph = build(Recipe(1, (16,), steps))
    with pytest.raises(RuleError, match='upsample "upsample1" rounds'):
        Tiling(graph, graph.outputs[0]).tile((60,))


def test_the_grid_is_that_of_the_tile_not_of_a_tiny_spec() -> None:
    """Two pixels times 1.25 are two pixels, a copy; of 60 each five come from four."""
    step = Step("upsample", 0, {"scale": 1.25, "mode": "nearest"})
    graph = build(Recipe(1, (2, 2), (step, Step("conv", 0, {"out": 2, "kernel": 3}))))
    assert [(axis.grid, axis.stride) for axis in Tiling(graph, graph.outputs[0]).tile((60, 60))] == [(4, Fraction(4, 5))] * 2


@pytest.mark.parametrize("seed", range(4))
def test_random_networks_tiled_as_told(seed: int) -> None:
    rng, done = random.Random(seed), 0
    for _ in range(COUNT):
        recipe = Recipe(1, (rng.choice([7, 16, 24, 40]),), tuple(some_step(rng) for _ in range(rng.randint(1, 5))))
        graph = build(recipe)
        done += check(graph, rng.choice([48, 60, 64, 72, 96]))
    assert done > COUNT // 8
