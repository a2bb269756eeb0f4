"""What each lesson claims in its comment, as figures."""

from __future__ import annotations

from functools import cache

import pytest

from rfcalc.analyses.receptive_field import Fields, ReceptiveField
from rfcalc.graph import Graph, Node
from rfcalc.importers import load


@cache
def graph(name: str, **overrides: str) -> Graph:
    return load(f"lessons/{name}", overrides)


def node(name: str, layer: str, **overrides: str) -> Node:
    found = graph(name, **overrides)
    return found.nodes[found.by_name[layer]]


def field(name: str, layer: str, **overrides: str) -> ReceptiveField:
    found = graph(name, **overrides)
    return Fields(found).of(found.by_name[layer])


def size(name: str, layer: str, **overrides: str) -> int:
    """The field's width, which is its height too."""
    found = field(name, layer, **overrides).size
    assert found is not None
    assert len(set(found)) == 1
    return found[0]


def macs(name: str, *layers: str) -> int:
    return sum(node(name, layer).cost.macs for layer in layers)


def params(name: str, *layers: str) -> int:
    return sum(node(name, layer).cost.params for layer in layers)


def test_bottleneck() -> None:
    squeezed = ("reduce", "filter", "expand")
    assert (params("bottleneck", "direct"), params("bottleneck", *squeezed)) == (589_824, 69_632)
    assert size("bottleneck", "direct") == size("bottleneck", "expand") == 3
    assert node("bottleneck", "direct").shape == node("bottleneck", "expand").shape


@pytest.mark.parametrize("groups", [1, 2, 4, 32])
def test_group_convolution(groups: int) -> None:
    grouped = node("group_convolution", "grouped", groups=str(groups)).cost
    full = node("group_convolution", "full").cost
    assert (grouped.macs * groups, grouped.params * groups) == (full.macs, full.params)


@pytest.mark.parametrize("k", [3, 5, 7])
def test_separable_costs_one_over_channels_and_one_over_kernel(k: int) -> None:
    parts = [node("separable", layer, k=str(k)) for layer in ("full", "depthwise", "pointwise")]
    full, depthwise, pointwise = (part.cost.macs for part in parts)
    assert (depthwise + pointwise) * 256 * k * k == full * (k * k + 256)
    assert size("separable", "pointwise", k=str(k)) == k


def test_dilated_doubles() -> None:
    assert [size("dilated", f"conv.{i}") for i in range(5)] == [3, 7, 15, 31, 63]
    assert field("dilated", "conv.4").coverage == 1


def test_gridding() -> None:
    assert size("gridding", "grid3") == size("gridding", "cured3") == 13
    assert field("gridding", "grid3").coverage == 49 / 169
    assert field("gridding", "cured3").coverage == 1


def test_checkerboard() -> None:
    uneven, even = field("checkerboard", "uneven"), field("checkerboard", "even")
    assert (uneven.size_min, uneven.size) == ((3, 3), (4, 4))
    assert even.size_min == even.size == (4, 4)


def test_resize_convolution() -> None:
    assert size("resize_convolution", "conv") == 3
    assert size("resize_convolution", "conv", mode="nearest") == 2
    assert 16 * params("resize_convolution", "conv") - 16 * 16 == 9 * params("resize_convolution", "transposed") - 9 * 16
    assert 4 * macs("resize_convolution", "conv") == 9 * macs("resize_convolution", "transposed")


def test_subpixel_equals_transposed() -> None:
    assert macs("subpixel", "transposed") == macs("subpixel", "conv")
    assert params("subpixel", "transposed") - 8 == params("subpixel", "conv") - 32
    transposed, shuffled = field("subpixel", "transposed"), field("subpixel", "shuffle")
    assert (transposed.size, transposed.start, transposed.stride) == (shuffled.size, shuffled.start, shuffled.stride)
    assert node("subpixel", "transposed").shape == node("subpixel", "shuffle").shape


def test_fc_as_convolution() -> None:
    assert params("fc_as_convolution", "fc6") == params("fc_as_convolution", "fc6_conv") == 102_764_544
    assert macs("fc_as_convolution", "fc6") == macs("fc_as_convolution", "fc6_conv")
    larger = {"input": "512x14x14"}
    assert node("fc_as_convolution", "fc6_conv", **larger).shape.size == (8, 8)
    assert node("fc_as_convolution", "fc6_conv", **larger).cost.params == 102_764_544
    assert node("fc_as_convolution", "fc6", **larger).cost.params > 4 * 102_764_544 - 4096 * 4


def test_normalization() -> None:
    layers = ("batch", "layer", "instance", "group", "local")
    assert [params("normalization", layer) for layer in layers] == [128, 2 * 64 * 56 * 56, 0, 128, 0]
    assert [node("normalization", layer).cost.buffers > 0 for layer in layers] == [True, False, False, False, False]
    assert {size("normalization", layer) for layer in layers} == {3}


def test_aspp() -> None:
    joined = field("aspp", "aspp.concat")
    assert joined.size == (37, 37)
    assert joined.coverage == 25 / 37**2
    assert joined.whole_input
    assert size("aspp", "aspp.large.conv", rates="[12, 24, 36]") == 73


def test_shift_and_stitch() -> None:
    coarse, dense = field("shift_and_stitch", "coarse"), field("shift_and_stitch", "dense")
    assert (coarse.size, coarse.start, coarse.stride) == ((12, 12), (-5, -5), (2, 2))
    assert (dense.size, dense.start, dense.stride) == ((12, 12), (-5, -5), (1, 1))
    assert macs("shift_and_stitch", "dense") == 4 * macs("shift_and_stitch", "coarse")


def test_skip_connections() -> None:
    assert node("skip_connections", "summed.add").shape.channels == 16
    assert node("skip_connections", "dense2").shape.channels == 40
    assert size("skip_connections", "summed.add") == size("skip_connections", "dense2") == 5


def test_stacks_of_3x3() -> None:
    assert size("stacks_of_3x3", "conv3") == size("stacks_of_3x3", "large") == 7
    assert 49 * params("stacks_of_3x3", "conv1", "conv2", "conv3") == 27 * params("stacks_of_3x3", "large")


def test_downsampling_early_multiplies() -> None:
    assert (size("downsampling", "early.3"), size("downsampling", "late_pool")) == (18, 10)
    assert 4 * macs("downsampling", "early.3") == macs("downsampling", "late.2")


def test_squeeze_excitation() -> None:
    gate = field("squeeze_excitation", "se")
    assert gate.whole_input
    assert gate.size == (3, 3)
    assert macs("squeeze_excitation", "se") == 2 * 64 * 4


def test_res2net_sees_four_scales() -> None:
    classes = field("res2net", "module2.scales").classes
    assert [(c.channels, c.size) for c in classes] == [
        ("0-15", (15, 15)),
        ("16-31", (19, 19)),
        ("32-47", (23, 23)),
        ("48-63", (27, 27)),
    ]


def test_multi_output() -> None:
    heads = [field("multi_output", f"head{level}") for level in (4, 3, 2)]
    assert [head.stride for head in heads] == [(16, 16), (8, 8), (4, 4)]
    assert [(head.size_min, head.size) for head in heads] == [((63, 63), (63, 63)), ((47, 47), (47, 47)), ((31, 31), (47, 47))]
    assert size("multi_output", "lateral2") + 2 * 4 == 15


def test_factorized() -> None:
    assert field("factorized", "row").size == (1, 7)
    assert size("factorized", "column") == size("factorized", "full") == 7
    assert 7 * macs("factorized", "row", "column") == 2 * macs("factorized", "full")


def test_channel_shuffle() -> None:
    assert [c.size for c in field("channel_shuffle", "apart.2").classes] == [(1, 1), (3, 3), (5, 5)]
    assert field("channel_shuffle", "mixed").classes == ()
    assert size("channel_shuffle", "mixed") == 5


def test_lost_pixels() -> None:
    shortcut, repaired = field("lost_pixels", "shortcut"), field("lost_pixels", "repaired")
    assert (shortcut.size, shortcut.stride) == ((1, 1), (2, 2))
    assert (repaired.size, repaired.stride) == ((2, 2), (2, 2))


def test_alignment() -> None:
    assert str(field("alignment", "sum").misaligned) == "centres differ by 0.5 pixels"
    assert field("alignment", "fixed").misaligned is None


def test_unproductive() -> None:
    assert size("unproductive", "layer1.0.relu") < 32 < size("unproductive", "layer1.1.relu")
    assert node("unproductive", "layer4.0.conv1").shape.size == (1, 1)


def test_attention() -> None:
    assert field("attention", "whole").size is None
    assert field("attention", "whole").whole_input
    assert (size("attention", "window"), field("attention", "window").whole_input) == (112, False)
    large = {"input": "3x448x448"}
    projections = 4 * 192 * 192 * 196
    attended = [node("attention", "whole", **more).cost.macs - projections * scale for more, scale in (({}, 1), (large, 4))]
    assert attended[1] == 16 * attended[0]


def test_masked() -> None:
    graph_ = graph("masked")
    unit = Fields(graph_).unit(graph_.by_name["more.3"], (16, 16))
    assert unit.clipped == [(10, 16), (10, 22)]
    assert unit.pixels == 74
    assert field("masked", "more.3").size == (7, 13)
