"""Paths counted by the fold against paths walked one by one, whose boxes come from the layers' own formulas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import comb
from random import Random

import pytest

from rfcalc.analyses.paths import count_paths, mirrored, path_fields, path_lengths
from rfcalc.analyses.receptive_field import Fields
from rfcalc.graph import Graph
from rfcalc.importers import load
from tests.nets import Net, residual, unet


def walks(graph: Graph, node: int) -> Iterator[list[int]]:
    """Every path from the input to a node, as the nodes that it passes."""
    if not node:
        yield []
        return
    for source in graph.nodes[node].inputs:
        for walk in walks(graph, source):
            yield [*walk, node]


def positions(graph: Graph, walk: list[int], unit: int) -> set[int]:
    """What a unit at the end of a one-dimensional path reads at its beginning."""
    units = {unit}
    for index in reversed(walk):
        op = graph.nodes[index].op
        if op.word in ("conv", "maxpool"):
            stride = op.stride or op.kernel  # type: ignore[attr-defined]
            pad = op.dilation * (op.kernel - 1) // 2 if op.padding == "half" else op.padding  # type: ignore[attr-defined]
            units = {i * stride - pad + op.dilation * t for i in units for t in range(op.kernel)}  # type: ignore[attr-defined]
        elif op.word == "upconv":
            taps = range(op.kernel)  # type: ignore[attr-defined]
            stride = op.stride  # type: ignore[attr-defined]
            units = {(i - t) // stride for i in units for t in taps if (i - t) % stride == 0}
    return units


def random_graph(seed: int) -> Graph:
    random = Random(seed)
    net = Net(1, (64,))
    maps = [net.input]
    for _ in range(random.randint(3, 7)):
        x = random.choice(maps[-2:])
        kind = random.choice(["conv", "conv", "add", "down", "up"])
        if kind == "conv":
            x = net("conv", x, out=1, kernel=random.choice([1, 3, 5]), dilation=random.choice([1, 2]))
        elif kind == "down":
            x = net("conv", x, out=1, kernel=3, stride=2)
        elif kind == "up":
            x = net("upconv", x, out=1, kernel=random.choice([2, 4]), stride=2)
        size = net.builder.nodes[x].shape
        same = [m for m in maps if net.builder.nodes[m].shape == size and m != x]
        if kind == "add" and same:
            x = net("add", x, random.choice(same))
        maps.append(x)
    return net.graph(maps[-1])


@pytest.mark.parametrize("seed", range(120))
def test_against_every_path(seed: int) -> None:
    graph, unit = random_graph(seed), 5 + seed % 4
    target = graph.outputs[0]
    every = list(walks(graph, target))
    weighted = ("conv", "upconv")
    assert path_lengths(graph, target, 0).lengths == Counter(
        sum(graph.nodes[i].op.word in weighted for i in walk) for walk in every
    )
    found = path_fields(graph, target, 0, 0, unit)
    sets = [positions(graph, walk, unit) for walk in every]
    assert found.fields == Counter(max(s) - min(s) + 1 for s in sets)
    assert (found.nothing, found.whole, found.bound) == (0, 0, False)


def test_resnet152_has_two_to_the_fifty_paths() -> None:
    graph = load("resnet152")
    paths = path_lengths(graph, graph.outputs[0], 0)
    assert paths.count == 2**50 == count_paths(graph, graph.outputs[0], 0)[graph.outputs[0]]
    # 46 blocks of 3 layers or none, 4 blocks of 3 or 1, and the first convolution and the classifier.
    expected: Counter[int] = Counter()
    for bodies in range(47):
        for projected in range(5):
            expected[2 + 3 * bodies + 3 * projected + (4 - projected)] += comb(46, bodies) * comb(4, projected)
    assert paths.lengths == dict(sorted(expected.items()))


def test_the_largest_path_field_is_the_field() -> None:
    for graph in (load("resnet50"), load("unet"), residual(64, 4, (1, 3)), unet(64)):
        target = graph.last_spatial
        assert target is not None
        fields = Fields(graph)
        size = fields.of(target).size
        assert size is not None
        found = [path_fields(graph, target, 0, 0, unit) for unit in range(16)]
        assert max(max(each.fields) for each in found) == size[0]
        assert {sum(each.fields.values()) for each in found} == {path_lengths(graph, target, 0).count}


def test_global_paths_are_counted_apart() -> None:
    net = Net(2, (32, 32))
    x = net("conv", out=2, kernel=3)
    net("mul", x, net("conv", net("gap", x), out=2, kernel=1))
    graph = net.graph()
    found = path_fields(graph, graph.outputs[0], 0, 0, 3)
    assert (found.fields, found.whole, found.nothing) == ({3: 1}, 1, 0)
    assert path_lengths(graph, graph.outputs[0], 0).lengths == {1: 1, 2: 1}


def test_an_input_that_only_gives_its_size_is_no_choice() -> None:
    net = Net(1, (32, 32))
    x = net("conv", out=1, kernel=3, stride=2)
    net("upsample", x, net.input)
    graph = net.graph()
    assert path_lengths(graph, graph.outputs[0], 0).lengths == {1: 1}


def test_units_left_out_by_a_transposed_convolution() -> None:
    net = Net(1, (32,))
    net("upconv", out=1, kernel=1, stride=2)
    graph = net.graph()
    assert path_fields(graph, 1, 0, 0, 4).fields == {1: 1}
    odd = path_fields(graph, 1, 0, 0, 5)
    assert (odd.fields, odd.nothing, odd.bound) == ({}, 1, True)


def test_axes_that_are_read_alike_are_mirrored() -> None:
    assert mirrored(load("unet"), 1)
    assert not mirrored(load("lessons/factorized"), 1)
