"""Tiles that stitch without seams: the halo is what a torch network needs, no more and no less."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rfcalc.analyses.tiles import AxisTile, TileTooSmallError, Tiling
from rfcalc.errors import RuleError
from rfcalc.graph import Graph
from rfcalc.importers import load
from tests.nets import Net, chain, unet


class UNet(nn.Module):
    """A padded U-Net of 4 levels: two 3x3 convolutions per level, 2x2 max pools, 2x2 transposed convolutions."""

    def __init__(self, nearest: bool) -> None:
        super().__init__()
        widths = [2, 2, 3, 3, 4]
        self.down = nn.ModuleList(self.twice(a, b) for a, b in zip([1, *widths], widths, strict=False))
        pairs = list(zip(widths[1:], widths, strict=False))
        self.up = nn.ModuleList(
            nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(a, b, 1)) if nearest else nn.ConvTranspose2d(a, b, 2, 2)
            for a, b in pairs
        )
        self.join = nn.ModuleList(self.twice(2 * b, b) for _, b in pairs)
        self.out = nn.Conv2d(widths[0], 1, 1)

    @staticmethod
    def twice(a: int, b: int) -> nn.Module:
        return nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.Softplus(), nn.Conv2d(b, b, 3, padding=1), nn.Softplus())

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for level, twice in enumerate(self.down):
            x = twice(nn.functional.avg_pool2d(x, 2) if level else x)
            skips.append(x)
        for level in (3, 2, 1, 0):
            x = self.join[level](torch.cat([skips[level], self.up[level](x)], 1))
        return self.out(x)


def positive(module: nn.Module) -> nn.Module:
    """Positive weights in float64: nothing cancels, so whatever can change does."""
    torch.manual_seed(0)
    for weight in module.parameters():
        nn.init.uniform_(weight, 0.5, 1.5)
        weight.data /= weight[0].numel() if weight.dim() > 1 else 1
    return module.double()


def seam(module: nn.Module, image: int, tile: int, before: int, after: int, at: int) -> float:
    """The largest difference between a tile that starts at `at` and the whole image, once the halos are cut off."""
    x = torch.rand(1, 1, image, image, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        whole = module(x)[..., at : at + tile, at : at + tile]
        part = module(x[..., at : at + tile, at : at + tile])
    rest = slice(before, tile - after)
    return float((whole - part)[..., rest, rest].abs().max())


@pytest.mark.parametrize("nearest", [False, True])
def test_unet_needs_94_pixels(nearest: bool) -> None:
    axis, other = tile(unet(512, up="nearest" if nearest else "upconv"), 256, 256)
    assert axis == other
    assert (axis.halo, axis.aligned, axis.grid, axis.step, axis.overlap) == ((94, 94), (96, 96), 16, 64, 192)
    module = positive(UNet(nearest))
    assert seam(module, 384, 256, 96, 96, 64) < 1e-14
    assert seam(module, 384, 256, 94, 94, 64) < 1e-14
    assert seam(module, 384, 256, 80, 80, 64) > 1e-9
    assert seam(module, 384, 256, 93, 94, 64) > 0
    assert seam(module, 384, 256, 94, 93, 64) > 0
    assert seam(module, 384, 256, 96, 96, 56) > 1e-9  # 56 is no multiple of the grid


def tile(graph: Graph, *size: int) -> tuple[AxisTile, ...]:
    return Tiling(graph, graph.outputs[0]).tile(size)


def test_stitched_image_is_the_whole_image() -> None:
    """Tiles placed as the answer says, on one axis, cover the image and equal it everywhere."""
    graph = chain(
        (64,),
        ("conv", {"out": 1, "kernel": 5, "stride": 2}),
        ("conv", {"out": 1, "kernel": 3, "dilation": 2}),
        ("upconv", {"out": 1, "kernel": 4, "stride": 2, "padding": 1}),
        ("conv", {"out": 1, "kernel": 3}),
    )
    (axis,) = tile(graph, 48)
    module = positive(
        nn.Sequential(
            nn.Conv1d(1, 1, 5, 2, 2),
            nn.Conv1d(1, 1, 3, padding=2, dilation=2),
            nn.ConvTranspose1d(1, 1, 4, 2, 1),
            nn.Conv1d(1, 1, 3, padding=1),
        )
    )
    x = torch.rand(1, 1, 48 + 6 * axis.step, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        whole = module(x)
        found = torch.full_like(whole, float("nan"))
        for k in range(7):
            start = k * axis.step
            part = module(x[..., start : start + 48])
            first, last = 0 if k == 0 else axis.keep[0], 47 if k == 6 else axis.keep[1]
            found[..., start + first : start + last + 1] = part[..., first : last + 1]
    assert axis.step % axis.grid == 0
    assert (found - whole).abs().max() < 1e-14
    wrong = module(x[..., axis.step : axis.step + 48]) - whole[..., axis.step : axis.step + 48]
    assert wrong[..., axis.keep[0] - 1].abs().max() > 1e-9
    assert wrong[..., axis.keep[1] + 1].abs().max() > 1e-9


def test_unpadded_unet_keeps_all_of_a_tile() -> None:
    axis = tile(load("unet"), 572, 572)[0]
    assert axis.keep == (0, 387)
    assert axis.halo == (92, 92)
    assert (axis.step, axis.overlap) == (384, 188)


def test_each_axis_for_itself() -> None:
    net = Net(1, (64, 64))
    net("conv", out=1, kernel=(3, 7), stride=(1, 2))
    y, x = tile(net.graph(), 32, 64)
    assert (y.halo, y.grid, y.stride) == ((1, 1), 1, Fraction(1))
    assert (x.halo, x.grid, x.stride) == ((4, 2), 2, Fraction(2))


def test_upsampled_output_counts_in_pixels_of_the_input() -> None:
    axis = tile(load("espcn"), 64, 64)[0]
    assert (axis.output, axis.keep, axis.stride) == (192, (12, 179), Fraction(1, 3))
    assert (axis.halo, axis.step, axis.overlap) == ((4, 4), 56, 8)


def test_a_global_layer_is_refused_by_name() -> None:
    graph = load("resnet18")
    with pytest.raises(RuleError, match='gap "avgpool" reads the whole of its input'):
        Tiling(graph, graph.outputs[0])
    assert graph.last_spatial is not None
    Tiling(graph, graph.last_spatial).tile((512, 512))


def test_a_linear_layer_on_a_map_of_one_unit_is_refused_by_name() -> None:
    graph = chain((4, 4), ("maxpool", {"kernel": 4}), ("linear", {"out": 2}))
    with pytest.raises(RuleError, match='linear "linear2" reads the whole'):
        Tiling(graph, graph.outputs[0])


def test_a_gate_is_refused_by_name() -> None:
    net = Net(2, (32, 32))
    x = net("conv", out=2, kernel=3)
    net("mul", x, net("conv", net("gap", x, name="squeeze"), out=2, kernel=1))
    graph = net.graph()
    with pytest.raises(RuleError, match='"squeeze"'):
        Tiling(graph, graph.outputs[0])


@pytest.mark.parametrize("word", ["upsample", "adaptivepool"])
def test_a_layer_that_depends_on_the_size_is_refused_by_name(word: str) -> None:
    net = Net(1, (32, 32))
    x = net("conv", out=1, kernel=3, stride=2)
    if word == "upsample":
        net("upsample", x, name="resize", scale=2.0, mode="bilinear", align_corners=True)
    else:
        net("adaptivepool", x, name="resize", out=5)
    graph = net.graph()
    with pytest.raises(RuleError, match=f'what {word} "resize" reads depends on the size'):
        Tiling(graph, graph.outputs[0]).tile((64, 64))


@pytest.mark.parametrize(
    ("word", "settings", "fine"),
    [
        ("bn", {}, True),
        ("layernorm", {"over": "channels"}, True),
        ("lrn", {}, True),
        ("instancenorm", {}, False),
        ("gn", {"groups": 2}, False),
    ],
)
def test_statistics_over_the_map_are_refused(word: str, settings: dict[str, Any], fine: bool) -> None:
    net = Net(1, (32, 32))
    net("conv", out=4, kernel=3)
    net("maxpool", kernel=2)
    net(word, name="norm", **settings)
    graph = net.graph()
    if fine:
        assert tile(graph, 32, 32)[0].halo == (2, 2)
    else:
        with pytest.raises(RuleError, match=f'{word} "norm" takes statistics over the whole map'):
            tile(graph, 32, 32)


def test_weights_for_one_size_are_refused() -> None:
    net = Net(1, (32, 32))
    net("layernorm", name="norm", over="all")
    with pytest.raises(RuleError, match='"norm": its weights are made for an input of 1x32x32'):
        tile(net.graph(), 32, 32)


def test_windows_of_attention_set_the_grid() -> None:
    net = Net(4, (32, 32))
    net("conv", out=4, kernel=2, stride=2, padding=0)
    net("windowattention", heads=2, window=4)
    axis = tile(net.graph(), 64, 64)[0]
    assert (axis.grid, axis.halo) == (8, (0, 0))


def test_a_global_layer_beside_the_path_does_not_matter() -> None:
    net = Net(1, (32, 32))
    x = net("conv", out=1, kernel=3)
    net("gap", x)
    graph = net.graph(x)
    assert Tiling(graph, x).tile((32, 32))[0].halo == (1, 1)


def test_too_small_and_misfitting_tiles() -> None:
    with pytest.raises(RuleError, match=r'a tile of 40x40 does not fit: "concat'):
        tile(unet(512), 40, 40)
    with pytest.raises(TileTooSmallError, match="each output touches padding"):
        tile(unet(512), 176, 176)
    with pytest.raises(TileTooSmallError, match="4 right outputs are less than a step of the grid"):
        tile(unet(512), 192, 192)


def test_the_smallest_tile_for_an_output() -> None:
    graph = unet(512)
    tiling = Tiling(graph, graph.outputs[0])
    candidates = [(n, n) for n in range(16, 600, 16)]
    assert tiling.tile_for(64, candidates)[0].size == 256
    assert tiling.tile_for(65, candidates)[0].size == 272
    with pytest.raises(RuleError, match="keeps 1000"):
        tiling.tile_for(1000, candidates)
