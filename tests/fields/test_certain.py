"""What a support says of a unit is what a trace finds, on every shipped network; where it is not certified it says nothing."""

from __future__ import annotations

import random

import pytest

from rfcalc.fields.backward import area, trace
from rfcalc.fields.certain import read_by
from rfcalc.fields.forward import supports
from rfcalc.importers import load
from tests.nets import Net

NETWORKS = ("resnet18", "mobilenet_v2", "se_resnet50", "espcn", "srresnet", "unet", "deeplabv3plus", "tcn", "unet3d", "wavenet")


@pytest.mark.parametrize("name", NETWORKS)
def test_units_of_shipped_networks(name: str) -> None:
    rng = random.Random(name)
    graph = load(name, {}, 100_000)
    image, found = graph.nodes[graph.inputs[0]].shape.size, supports(graph, graph.inputs[0])
    maps = [i for i, node in enumerate(graph.nodes) if len(node.shape.size) == len(image)]
    for _ in range(30):
        index = rng.choice(maps)
        unit = tuple(rng.choice((0, n - 1, rng.randrange(n))) for n in graph.nodes[index].shape.size)
        known = read_by(found[index], unit, image)
        assert known is not None
        seen = trace(graph, index, unit, graph.inputs[0])
        assert known.box() == seen.box()
        assert area((*known.products, *seen.products)) == known.pixels() == seen.pixels()


def test_mirrored_padding_is_not_certified() -> None:
    net = Net(1, (8, 8))
    net("conv", out=1, kernel=5, padding=2, padding_mode="reflect")
    assert read_by(supports(net.graph(), 0)[1], (0, 0), (8, 8)) is None


def test_holes_that_padding_may_open_are_not_certified() -> None:
    """Every unit sees every other pixel; which of them unit 0 would see by padding alone, only a trace tells."""
    net = Net(1, (15,))
    net("conv", out=1, kernel=1, stride=2)
    net("conv", out=1, kernel=3, padding=1)
    net("conv", out=1, kernel=3, padding=1)
    support = supports(net.graph(), 0)[3]
    assert support.certain
    assert read_by(support, (0,), (15,)) is None
    known = read_by(support, (4,), (15,))
    assert known is not None
    assert known.products == ((0b1010101010000,),)
