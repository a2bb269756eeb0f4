from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from rfcalc.analyses.sizes import fitting, rule, smallest_clean
from rfcalc.fields.resized import ShapesAtSize
from rfcalc.graph import Graph
from rfcalc.importers import load
from tests.nets import Net, chain, residual, unet


def test_rule_finds_the_shortest_period() -> None:
    found = rule(sum(1 << n for n in range(16, 1025, 16)), 1024)
    assert (found.first, found.period, found.residues, found.irregular) == (16, 16, (0,), ())
    assert 1040 in found
    assert 1041 not in found
    assert found.from_on(1000, 3) == [1008, 1024, 1040]


def test_rule_keeps_what_comes_before_the_pattern() -> None:
    found = rule((1 << 5 | 1 << 6) | sum(1 << n for n in range(11, 1025) if n % 4 in (2, 3)), 1024)
    assert found.irregular == (5, 6)
    assert found.residues == (2, 3)
    assert found.from_on(1, 4) == [5, 6, 11, 14]


def test_rule_without_a_pattern_says_so() -> None:
    squares = sum(1 << n * n for n in range(1, 32))
    found = rule(squares, 1024)
    assert found.start is None
    assert found.irregular == tuple(n * n for n in range(1, 32))


def test_rule_of_an_interval_and_of_nothing() -> None:
    found = rule(sum(1 << n for n in range(227, 259)), 1024)
    assert found.irregular == tuple(range(227, 259))
    assert 300 not in found
    assert 2000 not in found
    assert rule(0, 1024).first is None


def fits(graph: Graph, axis: int = 0) -> str:
    found = fitting(ShapesAtSize(graph), axis, 512).lossless
    return f"{found.from_on(1, 1)[0]} + {found.period} * {found.residues}"


def test_padded_unet_takes_multiples_of_16() -> None:
    assert fits(unet(64)) == "16 + 16 * (0,)"
    assert fits(unet(64), 1) == "16 + 16 * (0,)"


def test_unpadded_unet_takes_188_and_16_more_at_a_time() -> None:
    found = fitting(ShapesAtSize(load("unet")), 0)
    assert found.lossless.from_on(1, 3) == [188, 204, 220]
    assert (found.lossless.period, found.lossless.residues, found.lossless.irregular) == (16, (188 % 16,), ())
    assert 572 in found.lossless


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_fits_is_what_torch_runs(levels: int) -> None:
    """The padded U-Net's pools and concatenations in torch, at every size of a range."""
    found = fitting(ShapesAtSize(unet(64, levels)), 0, 128)
    runs = [n for n in range(1, 65) if _torch_runs(n, levels)]
    assert [n for n in range(1, 65) if n in found.fits] == runs == [n for n in range(1, 65) if n in found.lossless]


def _torch_runs(n: int, levels: int) -> bool:
    x, skips = torch.zeros(1, 1, n, 64), []
    try:
        for _ in range(levels):
            skips.append(x)
            x = nn.functional.max_pool2d(x, 2)
        for skip in reversed(skips):
            x = torch.cat([skip, nn.functional.interpolate(x, scale_factor=2)], 1)
    except RuntimeError:
        return False
    return True


def test_lossless_is_what_gradients_reach() -> None:
    """A size loses rows if and only if the last pixel has no gradient, where the convolutions read all they are given."""
    layers = [nn.Conv2d(1, 1, 3, 2, 1), nn.MaxPool2d(2), nn.Conv2d(1, 1, 2, 2)]
    graph = chain(
        (64, 64),
        ("conv", {"out": 1, "kernel": 3, "stride": 2}),
        ("maxpool", {"kernel": 2}),
        ("conv", {"out": 1, "kernel": 2, "stride": 2, "padding": 0}),
    )
    found = fitting(ShapesAtSize(graph), 0, 128)
    for n in range(7, 65):
        x = torch.ones(1, 1, n, 64, dtype=torch.float64, requires_grad=True)
        value: torch.Tensor = x
        for layer in layers:
            value = nn.functional.avg_pool2d(value, 2) if isinstance(layer, nn.MaxPool2d) else layer.double()(value)
        (value.sum()).backward()
        assert x.grad is not None
        assert (n in found.lossless) == bool(x.grad[0, 0, -1].abs().sum() > 0), n


def test_a_crop_loses_nothing() -> None:
    net = Net(1, (32, 32))
    up = net("upconv", net("maxpool", kernel=2), out=1, kernel=4, stride=2, padding=0)
    net("crop", up, net.input)
    assert fits(net.graph()) == "2 + 2 * (0,)"


def test_refusals_name_layers() -> None:
    found = fitting(ShapesAtSize(unet(64, levels=1)), 0, 100)
    layers = {layer: count for layer, count, _, _ in found.refusals}
    assert layers == {"maxpool5": 1, "concat11": 49}


def test_smallest_without_padding_of_resnet50() -> None:
    graph = load("resnet50")
    assert graph.last_spatial is not None
    assert smallest_clean(ShapesAtSize(graph), graph.last_spatial, 0, 1024)[0] == 438
    assert smallest_clean(ShapesAtSize(graph), graph.last_spatial, 1, 1024)[0] == 438


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_smallest_without_padding_by_the_definition(blocks: int) -> None:
    """Every smaller size is tried: the gradient of each unit with respect to what the padding holds, in torch."""
    graph = residual(64, blocks, (1,))
    sizes, target = ShapesAtSize(graph), graph.outputs[0]
    found = smallest_clean(sizes, target, 0, 200)[0]
    assert found is not None
    assert [n for n in range(2, found + 1) if _some_unit_is_free(n, blocks, (1,))] == [found]


def _some_unit_is_free(n: int, blocks: int, project: tuple[int, ...]) -> bool:
    """The same residual network on one axis, all weights one, with padding that carries a gradient."""
    edge = torch.zeros((), dtype=torch.float64, requires_grad=True)

    def conv(x: torch.Tensor, stride: int = 1) -> torch.Tensor:
        pad = edge.reshape(1, 1, 1)
        return nn.functional.conv1d(torch.cat([pad, x, pad], 2), torch.ones(1, 1, 3, dtype=torch.float64), stride=stride)

    x = conv(torch.ones(1, 1, n, dtype=torch.float64))
    for block in range(blocks):
        stride = 2 if block in project else 1
        x = conv(conv(x, stride)) + x[..., ::stride]
    return any(float(torch.autograd.grad(unit, edge, retain_graph=True)[0]) == 0 for unit in x.flatten())


def test_none_where_a_pool_sees_a_part_of_the_image() -> None:
    net = Net(1, (32, 32))
    x = net("conv", net.input, out=1, kernel=3)
    pooled = net("upsample", net("adaptivepool", x, out=2), x)
    net("concat", x, pooled)
    graph = net.graph()
    assert smallest_clean(ShapesAtSize(graph), graph.outputs[0], 0, 200)[0] is None


def test_a_row_of_all_positions_has_no_sides_to_lose(tmp_path: Path) -> None:
    steps = ["{name: map, conv: {out: 4, k: 3, s: 2}}", "tokens", "{conv: {out: 2, k: 1, s: 2}}"]
    (tmp_path / "net.yaml").write_text("input: 3x16x16\nlayers: [" + ", ".join(steps) + "]\noutputs: [map]\n")
    found = fitting(ShapesAtSize(load(str(tmp_path / "net.yaml"))), 1)
    assert (found.fits.first, found.fits.period) == (1, 1)
    assert found.lossless.period == 1


def test_many_sizes_of_a_large_network_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty dilations over thousands of sizes would take minutes; sizes that were asked for are tried all the same."""
    graph = chain((64,), *[("conv", {"out": 1, "kernel": 3, "dilation": 1 + k}) for k in range(9)])
    assert fitting(ShapesAtSize(graph), 0).fits.limit == 1024
    monkeypatch.setattr("rfcalc.analyses.sizes.MOST_SPENT", 20_000)
    assert 64 < fitting(ShapesAtSize(graph), 0).fits.limit < 1024
    assert fitting(ShapesAtSize(graph), 0, 1024).fits.limit == 1024
    found, tried = smallest_clean(ShapesAtSize(graph), graph.outputs[0], 0, 90, 2_000)
    assert found is None
    assert tried < 90
    assert smallest_clean(ShapesAtSize(graph), graph.outputs[0], 0, 200) == (91, 91)
