from __future__ import annotations

import pytest

from rfcalc.fields.resized import ShapesAtSize, SizeError, resized
from tests.nets import Net, chain, unet


@pytest.mark.parametrize("size", [16, 48, 80, 128])
def test_same_as_a_graph_built_at_that_size(size: int) -> None:
    small, built = resized(unet(64), (size, size)), unet(size)
    assert [node.shape for node in small.nodes] == [node.shape for node in built.nodes]
    assert [node.cost for node in small.nodes] == [node.cost for node in built.nodes]
    assert [node.shapes for node in small.nodes] == [node.shapes for node in built.nodes]


def test_sizes_may_be_asked_in_any_order_and_again() -> None:
    sizes = ShapesAtSize(unet(64))
    for size in (64, 32, 96, 32, 64):
        expected = [node.shape for node in unet(size).nodes]
        assert [layer.shape for layer in sizes.at((size, size))] == expected


def test_the_layer_that_refuses_is_named_each_time() -> None:
    sizes = ShapesAtSize(unet(64, levels=1))
    for _ in range(2):
        with pytest.raises(SizeError, match="inputs differ in size: 33x64, 32x64") as caught:
            sizes.at((33, 64))
        assert sizes.graph.nodes[sizes.graph.by_name[caught.value.layer]].op.word == "concat"


def test_a_linear_layer_behind_a_map_ties_the_size() -> None:
    graph = chain((8, 8), ("maxpool", {"kernel": 2}), ("flatten", {}), ("linear", {"out": 3}))
    sizes = ShapesAtSize(graph)
    with pytest.raises(SizeError, match=r"its weights are made for an input of 16, not 20"):
        sizes.at((10, 8))
    sizes.at((9, 9))  # the pool drops the ninth row: the weights stay


def test_a_linear_layer_behind_a_global_pool_does_not() -> None:
    ShapesAtSize(chain((8, 8), ("gap", {}), ("flatten", {}), ("linear", {"out": 3}))).at((100, 9))


def test_an_input_of_another_size_stays() -> None:
    net = Net(1, (8, 8))
    from rfcalc.layers.vocabulary.source import Input
    from rfcalc.relations.shape import Shape

    other = net.builder.add("other", Input(Shape(5, (3, 3))))
    assert other is not None
    net("conv", net.input, out=1, kernel=1)
    graph = net.graph()
    found = resized(graph, (20, 10))
    assert found.nodes[0].shape.size == (20, 10)
    assert found.nodes[other].shape.size == (3, 3)
