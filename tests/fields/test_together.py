"""Channels that read different positions, of which more than a few are told together: exact, or labelled as a bound."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from rfcalc.analyses.network import analyze
from rfcalc.backends.proof.fields import field_claims
from rfcalc.backends.torch.subject import subject
from rfcalc.graph import Graph
from rfcalc.reports.parts.contract import layers_data
from tests.nets import Net

SHUFFLE = "c (y i:{0}) (x j:{0}) -> (c i j) y x"
LOCAL = "c y x, c v u -> (v u) y x"


def sliced(size: int, word: str, *, twice: bool = False, stop: int = 1, **settings: Any) -> Graph:
    """A layer that makes channels of positions, and the first of them."""
    net = Net(1, (size, size))
    x = net("conv", out=1, kernel=1)
    net(word, *((x, x) if twice else (x,)), **settings)
    net("slice", start=0, stop=stop)
    return net.graph()


@pytest.mark.parametrize("kernel", [3, 5, 15])
def test_windows_as_channels(kernel: int) -> None:
    """Channel 0 is the first unit of the window."""
    graph = sliced(20, "patches", kernel=kernel, padding=kernel // 2)
    field = analyze(graph).outputs[0].field
    assert (field.size, field.start) == ((1, 1), (-(kernel // 2),) * 2)
    assert not any(graph.bounded)


@pytest.mark.parametrize(("ratio", "exact"), [(7, True), (9, False)])
def test_blocks_as_channels(ratio: int, exact: bool) -> None:
    """49 and 81 groups of channels."""
    layer = analyze(sliced(4 * ratio, "rearrange", pattern=SHUFFLE.format(ratio))).outputs[0]
    assert layer.bounded != exact
    assert layer.field.size == ((1, 1) if exact else (ratio, ratio))


BOUNDS = {
    "windows": sliced(20, "patches", kernel=17, padding=8),
    "blocks": sliced(18, "rearrange", pattern=SHUFFLE.format(9)),
    "products": sliced(6, "contract", pattern=LOCAL, twice=True, stop=3),
}


@pytest.mark.parametrize("graph", BOUNDS.values(), ids=BOUNDS)
def test_some_of_the_channels_are_a_bound(graph: Graph) -> None:
    made, last = analyze(graph).layers[-2:]
    assert not made.bounded
    assert last.bounded
    assert last.bound == f'of the channels of "{made.name}" all are known together only'
    data = layers_data([last])[0]
    assert data["receptive_field"]["upper_bound"] is True
    assert data["bound"] == last.bound


@pytest.mark.parametrize("graph", BOUNDS.values(), ids=BOUNDS)
def test_verify_agrees(graph: Graph) -> None:
    claims = list(field_claims(subject(graph), range(1, len(graph.nodes)), 6, 0))
    assert claims
    assert all(claim.ok is not False for claim in claims)


@pytest.mark.parametrize("pattern", ["c y x -> (y x) c", "c y x -> (y x c)", "c y x -> (c y x)"])
def test_positions_of_axes_that_are_no_more(pattern: str) -> None:
    """All channels together see all of the image."""
    net = Net(2, (3, 3))
    net("rearrange", pattern=pattern)
    net("relu")
    layer = analyze(net.graph()).outputs[0]
    assert layer.field.whole_input
    assert not layer.bounded


def test_all_channels_again_are_exact() -> None:
    """A layer that mixes all channels, or takes all of them, and the sum of all windows over a pixel."""
    net = Net(1, (20, 20))
    net("patches", kernel=17, padding=8)
    net("slice", start=0, stop=None)
    net("conv", out=4, kernel=3)
    net("slice", start=0, stop=1)
    graph = net.graph()
    assert not any(graph.bounded)
    assert analyze(graph).outputs[0].field.size == (19, 19)


def test_fold_is_the_inverse_of_windows() -> None:
    net = Net(1, (20, 20))
    net("patches", kernel=5, padding=2)
    net("fold", size=(20, 20), kernel=5, padding=2)
    assert analyze(net.graph()).outputs[0].field.size == (1, 1)


def test_fold_of_very_large_windows_is_a_bound() -> None:
    net = Net(1, (20, 20))
    net("patches", kernel=17, padding=8)
    net("fold", size=(20, 20), kernel=17, padding=8)
    layer = analyze(net.graph()).outputs[0]
    assert layer.bound.startswith("of windows of more than 256 taps")


torch.set_num_threads(1)
