"""Stages: what they promise of a graph, and that shapes by stages are those of the graph built at that size."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from rfcalc.errors import RuleError
from rfcalc.fields.resized import ShapesAtSize, SizeError
from rfcalc.fields.stages import stages
from rfcalc.graph import Graph
from rfcalc.importers import load
from rfcalc.relations.shape import Shape
from tests.nets import chain, unet
from tests.oracle.graphs import recipes
from tests.oracle.recipes import Recipe, build


def promised(graph: Graph) -> None:
    """Every node is in one stage, in order; a stage of several nodes reads nothing before it but the node just before."""
    parts = stages(graph)
    assert [i for part in parts for i in part] == list(range(len(graph.nodes)))
    for part in parts:
        inputs = [j for i in part for j in graph.nodes[i].inputs]
        if len(part) > 1:
            assert all(graph.nodes[i].inputs for i in part)
            assert min(inputs) >= part.start - 1


@settings(max_examples=60, deadline=None, derandomize=True)
@given(recipe=recipes())
def test_random_networks(recipe: Recipe) -> None:
    promised(build(recipe))


@pytest.mark.parametrize(("name", "most"), [("resnet50", 20), ("deeplabv3plus", 20), ("unet", 40), ("vgg16", 20)])
def test_shipped_networks_have_few_stages(name: str, most: int) -> None:
    graph = load(name)
    promised(graph)
    assert len(stages(graph)) <= most


def test_a_refusal_within_a_stage_names_its_layer_each_time() -> None:
    graph = chain((32, 32), ("conv", {"kernel": 3, "out": 2}), ("relu", {}), ("conv", {"kernel": 5, "out": 2, "padding": 0}))
    sizes = ShapesAtSize(graph)
    for _ in range(2):
        with pytest.raises(SizeError, match="larger than its input") as caught:
            sizes.at((4, 4))
        assert graph.nodes[graph.by_name[caught.value.layer]].op == graph.nodes[3].op


def rotated(word: str, **given: object) -> bool:
    """Whether a network of one layer is said to treat its two axes alike."""
    graph = chain((12, 12), (word, given))
    return ShapesAtSize(graph).alike(1, (8, 16, 24))


def test_axes_are_alike_where_every_layer_treats_them_so() -> None:
    assert ShapesAtSize(unet(64)).alike(1, (32, 96))
    assert rotated("conv", kernel=3, stride=2, out=2)
    assert rotated("upsample", scale=2)
    assert not rotated("conv", kernel=(3, 5), out=2)
    assert not rotated("maxpool", kernel=2, stride=(2, 1))
    assert not rotated("take", axis=1, count=3)
    assert not rotated("rearrange", pattern="c h w -> (c w) h")
    assert not rotated("upsample", size=(12, 13))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(recipe=recipes())
def test_alike_axes_have_the_same_shapes_at_every_size(recipe: Recipe) -> None:
    graph = build(recipe)
    image = graph.nodes[0].shape.size
    if len(image) != 2 or len(set(image)) > 1:
        return
    sizes = ShapesAtSize(graph)
    if not sizes.alike(1, (max(1, image[0] - 1), image[0] + 3)):
        return
    for n in range(1, 40):
        assert outcome(sizes, (n, image[0])) == [shape and flipped(shape) for shape in outcome(sizes, (image[0], n))]


def outcome(sizes: ShapesAtSize, size: tuple[int, int]) -> list[Shape | None]:
    try:
        return [layer.shape for layer in sizes.at(size)]
    except RuleError:
        return [None]


def flipped(shape: Shape) -> Shape:
    return Shape(shape.channels, shape.size[::-1])
