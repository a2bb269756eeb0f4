"""The effective receptive field: its formula on chains, sums over all paths on graphs, sampled gradients of torch networks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import product
from math import prod

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rfcalc.analyses.erf import marginal, moments
from rfcalc.analyses.erf_map import energy_map
from rfcalc.graph import Graph
from rfcalc.importers import load
from tests.nets import Net, chain, residual, unet

Energy = dict[tuple[int, ...], float]


@pytest.mark.parametrize("dilations", [(1, 1, 1), (1, 2, 4)])
@pytest.mark.parametrize("strides", [(1, 1, 1), (2, 1, 2), (3, 2, 1)])
def test_variance_of_chains(strides: tuple[int, ...], dilations: tuple[int, ...]) -> None:
    kernels = (3, 5, 4)
    layers = list(zip(kernels, strides, dilations, strict=True))
    graph = chain(
        (200, 100), *(("conv", {"out": 2, "kernel": k, "stride": s, "dilation": d, "padding": 3}) for k, s, d in layers)
    )
    jumps = [prod(strides[:i]) for i in range(3)]
    expected = sum((j * d) ** 2 * (k * k - 1) / 12 for (k, _, d), j in zip(layers, jumps, strict=True))
    found = moments(graph, 0)[graph.outputs[0]]
    assert found is not None
    for axis in found:
        assert axis.sigma**2 == pytest.approx(expected, rel=1e-12)
        assert axis.phases[0][0] == pytest.approx(1)


def test_mean_follows_the_centre() -> None:
    graph = chain((64,), ("conv", {"out": 1, "kernel": 3, "stride": 2, "padding": 0}), ("maxpool", {"kernel": 2}))
    found = moments(graph, 0)[2]
    assert found is not None
    assert found[0].at(0)[1] == pytest.approx(2)  # units 0 and 1 of the first see 0..2 and 2..4
    assert found[0].at(7)[1] == pytest.approx(2 + 7 * 4)


# (word, settings): share of the energy of each tap of one axis, for the unit at this phase.
AXIS: dict[str, Callable[..., dict[int, float]]] = {
    "conv": lambda i, op: {
        i * op.stride - op.dilation * (op.kernel // 2) + op.dilation * t: 1 / op.kernel for t in range(op.kernel)
    },
    "maxpool": lambda i, op: {i * (op.stride or op.kernel) + t: 1 / op.kernel for t in range(op.kernel)},
    "avgpool": lambda i, op: {i * (op.stride or op.kernel) + t: 1 / op.kernel**2 for t in range(op.kernel)},
    "upconv": lambda i, op: {(i - t) // op.stride: op.stride / op.kernel for t in range(op.kernel) if (i - t) % op.stride == 0},
    "crop": lambda i, op: {i: 1.0},
    "nearest": lambda i, op: {i // int(op.scale): 1.0},
    "bilinear": lambda i, op: {(i - 1) // 2: (1, 9)[i % 2] / 16, (i + 1) // 2: (9, 1)[i % 2] / 16},
}


def by_paths(graph: Graph, node: int, unit: tuple[int, ...]) -> Energy:
    """The energy that each pixel gets, summed over all paths, tap by tap."""
    if not node:
        return {unit: 1.0}
    op, found = graph.nodes[node].op, defaultdict(float)
    inputs = graph.nodes[node].inputs
    if op.word in ("add", "concat", "max", "relu"):
        widths = [graph.nodes[j].shape.channels for j in inputs]
        for j, width in zip(inputs, widths, strict=True):
            share = {"concat": width / sum(widths), "max": 1 / len(inputs)}.get(op.word, 1.0)
            for pixel, energy in by_paths(graph, j, unit).items():
                found[pixel] += share * energy
        return found
    rule = AXIS[op.mode if op.word == "upsample" else op.word]  # type: ignore[attr-defined]
    for taps in product(*(rule(i, op).items() for i in unit)):
        for pixel, energy in by_paths(graph, inputs[0], tuple(tap for tap, _ in taps)).items():
            found[pixel] += energy * prod(share for _, share in taps)
    return found


def branched() -> Graph:
    net = Net(2, (32, 32))
    a = net("conv", net.input, out=3, kernel=3, stride=2)
    b = net("avgpool", net.input, kernel=2)
    c = net("concat", a, b)
    d = net("conv", c, out=5, kernel=3, dilation=2)
    net("max", net("add", d, c), d)
    return net.graph()


def decoder(mode: str) -> Graph:
    net = Net(1, (32, 32))
    x = net("conv", net.input, out=2, kernel=3)
    y = net("maxpool", x, kernel=2)
    y = net("upconv", y, out=2, kernel=3, stride=2, padding=0) if mode == "upconv" else net("upsample", y, scale=2.0, mode=mode)
    y = net("crop", y, x) if mode == "upconv" else y
    net("conv", net("add", x, y), out=1, kernel=3)
    return net.graph()


CASES = {
    "branched": branched(),
    "residual": residual(32, 2, (1,)),
    "nearest": decoder("nearest"),
    "bilinear": decoder("bilinear"),
    "upconv": decoder("upconv"),
}


UNEVEN = (CASES["bilinear"], CASES["upconv"])


@pytest.mark.parametrize("graph", CASES.values(), ids=CASES)
@pytest.mark.parametrize("unit", [(4, 4), (5, 4), (7, 9)])
def test_map_and_marginals_against_every_path(graph: Graph, unit: tuple[int, int]) -> None:
    target = graph.outputs[0]
    truth = by_paths(graph, target, unit)
    total = sum(truth.values())
    found = energy_map(graph, target, 0, unit)
    assert found is not None
    for pixel, energy in truth.items():
        at = tuple(p - s for p, s in zip(pixel, found.start, strict=True))
        assert found.energy[at] == pytest.approx(energy / total, rel=1e-12)
    assert found.energy.sum() == pytest.approx(1)
    for axis in (0, 1):
        line = marginal(graph, target, 0, axis, unit[axis])
        assert line is not None
        assert line.start == found.start[axis]
        if graph not in UNEVEN:  # where the mass depends on the phase, branches are weighted by the mean of the axes
            np.testing.assert_allclose(line.shares, found.energy.sum(1 - axis), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("graph", [*CASES.values(), unet(64), load("resnet50")], ids=[*CASES, "unet", "resnet50"])
def test_moments_are_those_of_the_marginal(graph: Graph) -> None:
    target = graph.last_spatial
    assert target is not None
    folded = moments(graph, 0)[target]
    assert folded is not None
    for unit in (0, 3, 8):
        line = marginal(graph, target, 0, 0, unit)
        assert line is not None
        mean = sum(i * share for i, share in enumerate(line.shares, line.start))
        variance = sum((i - mean) ** 2 * share for i, share in enumerate(line.shares, line.start))
        assert sum(line.shares) == pytest.approx(1)
        assert folded[0].at(unit)[1:] == pytest.approx((mean, variance), rel=1e-9)


def corners(levels: int) -> Graph:
    """A U-Net whose maps are enlarged with aligned corners: each skip has another stride than what it meets."""
    net = Net(1, (32,))
    skips = []
    for _ in range(levels):
        skips.append(net("conv", out=2, kernel=3))
        net("maxpool", kernel=2)
    net("conv", out=2, kernel=3)
    for skip in reversed(skips):
        net("concat", skip, net("upsample", scale=2.0, mode="linear", align_corners=True))
        net("conv", out=2, kernel=3)
    return net.graph()


def many_phases() -> Graph:
    """Branches of a map whose units have 13**5 phases, and of one of another stride."""
    net = Net(1, (9,))
    for _ in range(5):
        net("upsample", scale=1.3, mode="linear")
        net("conv", out=1, kernel=3)
    size = net.graph().nodes[-1].shape.size[0]
    net("add", net.last, net("upsample", net.input, size=size, mode="linear", align_corners=True))
    net("conv", net("conv", out=1, kernel=5, dilation=3), out=1, kernel=3)
    return net.graph()


@pytest.mark.parametrize("graph", [corners(1), corners(3), many_phases()], ids=["one level", "three levels", "many phases"])
def test_moments_where_strides_differ(graph: Graph) -> None:
    """Of every unit of every node; sigma is the root of their mean variance."""
    folded = moments(graph, 0)
    for i in range(1, len(graph.nodes)):
        state, units = folded[i], range(graph.nodes[i].shape.size[0])
        assert state is not None
        variances = []
        for unit in (*units, -2, len(units) + 3):
            line = marginal(graph, i, 0, 0, unit)
            assert line is not None
            mean = sum(p * share for p, share in enumerate(line.shares, line.start))
            variances.append(sum((p - mean) ** 2 * share for p, share in enumerate(line.shares, line.start)))
            assert state[0].at(unit)[1:] == pytest.approx((mean, variances[-1]), rel=1e-9)
        assert min(variances) - 1e-9 <= state[0].sigma ** 2 <= max(variances) + 1e-9


@pytest.mark.parametrize(("n", "out", "corners"), [(5, 13, True), (9, 4, True), (6, 9, False)])
@pytest.mark.parametrize("mode", ["linear", "bicubic"])
def test_interpolation_by_its_squared_weights(n: int, out: int, corners: bool, mode: str) -> None:
    size = (out,) if mode == "linear" else (out, n)
    graph = chain((n,) * len(size), ("upsample", {"size": size, "mode": mode, "align_corners": corners}))
    rows = torch.eye(n, dtype=torch.float64).reshape(n, 1, n, *(1,) * (len(size) - 1))
    to = size if mode == "linear" else (out, 1)
    weights = nn.functional.interpolate(rows, size=to, mode=mode, align_corners=corners).reshape(n, out).T.numpy()
    for unit in range(out):
        line = marginal(graph, 1, 0, 0, unit)
        assert line is not None
        if line.start >= 0 and line.start + len(line.shares) <= n:
            truth = weights[unit] ** 2 / (weights[unit] ** 2).sum()
            np.testing.assert_allclose(line.shares, truth[line.start : line.start + len(line.shares)], atol=1e-9)


def test_global_layers_are_left_out() -> None:
    net = Net(2, (32, 32))
    x = net("conv", out=2, kernel=3)
    net("mul", x, net("conv", net("gap", x), out=2, kernel=1))
    graph = net.graph()
    found = moments(graph, 0)
    assert found[graph.outputs[0]] == found[x]
    assert found[graph.by_name["gap2"]] is None
    assert marginal(graph, graph.by_name["gap2"], 0, 0, 0) is None
    assert energy_map(graph, graph.by_name["gap2"], 0, (0, 0)) is None


NETWORKS = 500


def layer(x: Tensor, out: int, kernel: int, transposed: bool = False, **settings: int) -> Tensor:
    """A convolution of [network, channels, position] whose weights are drawn for each network, with variance 1 / fan-in."""
    networks, channels, size = x.shape
    flat = x.reshape(1, -1, size)
    if transposed:
        weight = torch.randn(networks * channels, out, kernel) / (channels * kernel / settings["stride"]) ** 0.5
        found = nn.functional.conv_transpose1d(flat, weight, groups=networks, **settings)
    else:
        weight = torch.randn(networks * out, channels, kernel) / (channels * kernel) ** 0.5
        found = nn.functional.conv1d(flat, weight, groups=networks, **settings)
    return found.reshape(networks, out, -1)


def compare(graph: Graph, forward: Callable[[Tensor], Tensor], unit: int) -> None:
    """The exact distribution against the mean squared gradient of one unit over random networks."""
    torch.manual_seed(3)
    x = torch.randn(NETWORKS, 4, 64, requires_grad=True)
    (gradient,) = torch.autograd.grad(forward(x)[:, 0, unit].sum(), x)
    measured = (gradient**2).sum((0, 1)).double().numpy()
    measured /= measured.sum()
    line = marginal(graph, graph.outputs[0], 0, 0, unit)
    assert line is not None
    exact = np.zeros(64)
    exact[line.start : line.start + len(line.shares)] = line.shares
    pixels = np.arange(64)
    means = [float((p * pixels).sum()) for p in (exact, measured)]
    sigmas = [float((p * (pixels - m) ** 2).sum()) ** 0.5 for p, m in zip((exact, measured), means, strict=True)]
    assert means[1] == pytest.approx(means[0], abs=0.15)
    assert sigmas[1] == pytest.approx(sigmas[0], rel=0.04)
    assert np.abs(exact - measured).max() < 0.12 * exact.max()


def test_against_sampled_gradients_of_a_residual_network() -> None:
    def forward(x: Tensor) -> Tensor:
        x = layer(x, 16, 5, stride=2, padding=2)
        y = layer(layer(x, 16, 3, padding=1), 16, 3, padding=2, dilation=2)
        return nn.functional.max_pool1d(x + y, 2)

    net = Net(4, (64,))
    x = net("conv", net.input, out=16, kernel=5, stride=2)
    y = net("conv", net("conv", x, out=16, kernel=3), out=16, kernel=3, dilation=2)
    net("maxpool", net("add", x, y), kernel=2)
    compare(net.graph(), forward, 8)


def test_against_sampled_gradients_of_a_decoder() -> None:
    def forward(x: Tensor) -> Tensor:
        x = layer(x, 16, 3, padding=1)
        y = layer(layer(nn.functional.avg_pool1d(x, 2), 8, 3, padding=1), 8, 4, transposed=True, stride=2)
        return layer(torch.cat([x, y[..., :64]], 1), 1, 3, padding=1)

    net = Net(4, (64,))
    x = net("conv", net.input, out=16, kernel=3)
    y = net("conv", net("avgpool", x, kernel=2), out=8, kernel=3)
    y = net("crop", net("upconv", y, out=8, kernel=4, stride=2), size=64, offset=0)
    net("conv", net("concat", x, y), out=1, kernel=3)
    compare(net.graph(), forward, 32)


def test_against_sampled_gradients_after_bilinear_upsampling() -> None:
    def forward(x: Tensor) -> Tensor:
        x = layer(x, 16, 5, stride=4, padding=2)
        y = nn.functional.interpolate(layer(x, 16, 3, padding=1), scale_factor=4, mode="linear")
        return layer(y, 1, 3, padding=1)

    net = Net(4, (64,))
    x = net("conv", net("conv", out=16, kernel=5, stride=4), out=16, kernel=3)
    net("conv", net("upsample", x, scale=4.0, mode="linear"), out=1, kernel=3)
    compare(net.graph(), forward, 33)


@pytest.mark.parametrize(
    ("mode", "torchs", "coordinates"), [("linear", "linear", "half_pixel"), ("cubic", "bicubic", "align_corners")]
)
@pytest.mark.parametrize(("n", "out"), [(6, 12), (9, 4), (5, 13)])
def test_resampling_by_its_squared_weights(mode: str, torchs: str, coordinates: str, n: int, out: int) -> None:
    """ONNX's Resize where it is torch's interpolation has the same effective field; antialiased, by numpy."""
    size = (out,) if mode == "linear" else (out, n)
    image, corners = (n,) * len(size), coordinates == "align_corners"
    ours = chain(image, ("resample", {"size": size, "mode": mode, "coordinates": coordinates}))
    theirs = chain(image, ("upsample", {"size": size, "mode": torchs, "align_corners": corners}))
    for unit in range(out):
        lines = [marginal(graph, 1, 0, 0, unit) for graph in (ours, theirs)]
        shares = [{i: s for i, s in enumerate(line.shares, line.start) if s > 1e-12} for line in lines if line is not None]
        assert shares[0] == pytest.approx(shares[1])


def test_antialiasing_keeps_less_energy_than_one_tap() -> None:
    graph = chain((12,), ("resample", {"size": 4, "mode": "linear", "antialias": True}))
    line = marginal(graph, 1, 0, 0, 1)
    assert line is not None
    truth = np.array([1, 2, 3, 2, 1]) ** 2  # triangle of width 3 around unit 4
    np.testing.assert_allclose(line.shares, truth / truth.sum(), atol=1e-9)
