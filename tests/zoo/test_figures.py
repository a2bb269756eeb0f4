"""Published and independently computed figures that the shipped networks must have, each with its source."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from rfcalc.analyses.receptive_field import Fields
from rfcalc.graph import Graph
from rfcalc.importers import load, shipped
from rfcalc.language.files import shipped_text
from tests.running import rfcalc

PAPER = (("stride_in", "1x1"),)
TORCHVISION = "torchvision's documentation of its weights (num_params)"
COUNTED = "a count by torch's FlopCounterMode on another definition"
Overrides = tuple[tuple[str, str], ...]


@cache
def graph(name: str, overrides: Overrides = ()) -> Graph:
    return load(name, dict(overrides))


@cache
def fields(name: str, overrides: Overrides = ()) -> Fields:
    return Fields(graph(name, overrides))


def params(name: str, overrides: Overrides = ()) -> int:
    return sum(node.cost.params for node in graph(name, overrides).layers)


def macs(name: str, overrides: Overrides = ()) -> int:
    return sum(node.cost.macs for node in graph(name, overrides).layers)


UNPUBLISHED = {"deeplabv3_resnet50", "head_pose", "srresnet", "vit_b16"}  # as the spec says: no figure of just this network
ZOO = [name for name, _ in shipped() if not name.startswith("lessons/")]


@pytest.mark.parametrize("name", ZOO)
def test_published_figures(name: str) -> None:
    """What `published:` says, held by `rfcalc check`."""
    assert bool(graph(name).stated("published", ())) == (name not in UNPUBLISHED)
    run = rfcalc("check", name, "--select", "RF503")
    assert run.code == 0, run.out


@pytest.mark.parametrize("name", sorted({*ZOO} - UNPUBLISHED))
def test_a_published_figure_that_differs_is_found(name: str, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(shipped_text(name) + "  layers: {value: 1, source: nobody}\n")
    run = rfcalc("check", str(tmp_path / "net.yaml"), "--select", "RF503", "-f", "concise")
    assert (run.code, run.out.count("RF503")) == (1, 1), run.out


# figures of variants and of definitions that are close to one that somebody has counted
PARAMS = [
    ("deeplabv3_resnet50", 39_638_869, "torchvision's deeplabv3_resnet50 without its auxiliary head"),
    ("vit_b16", 86_567_656 - 2 * 768, TORCHVISION + ", less the class token and its position"),
    ("tcn", 66_510, "the paper says about 70 thousand"),
]


@pytest.mark.parametrize(("name", "expected", "source"), PARAMS, ids=[row[0] for row in PARAMS])
def test_params(name: str, expected: int, source: str) -> None:
    assert params(name) == expected, source


MACS = [
    ("resnet18", (), 1_814_073_344, COUNTED),
    ("resnet50", (), 4_089_184_256, COUNTED),
    ("resnet152", (), 11_513_626_624, COUNTED),
    ("vgg16", (), 15_470_264_320, COUNTED),
    ("mobilenet_v2", (), 300_774_272, COUNTED),
]


@pytest.mark.parametrize(("name", "overrides", "expected", "source"), MACS, ids=[row[0] for row in MACS])
def test_macs(name: str, overrides: Overrides, expected: int, source: str) -> None:
    assert macs(name, overrides) == expected, source


# what a paper or a release prints: the figure, and the last digit that it gives
PRINTED_MACS = [
    ("resnet18", PAPER, 1.8e9, 0.05e9, "He et al. 2015, table 1"),
    ("resnet50", PAPER, 3.8e9, 0.1e9, "He et al. 2015, table 1"),
    ("resnet101", PAPER, 7.6e9, 0.05e9, "He et al. 2015, table 1"),
    ("resnet152", PAPER, 11.3e9, 0.05e9, "He et al. 2015, table 1"),
    ("se_resnet50", PAPER, 3.87e9, 0.01e9, "Hu et al. 2017, table 2"),
]


@pytest.mark.parametrize(
    ("name", "overrides", "printed", "within", "source"), PRINTED_MACS, ids=[row[0] for row in PRINTED_MACS]
)
def test_printed_macs(name: str, overrides: Overrides, printed: float, within: float, source: str) -> None:
    assert abs(macs(name, overrides) - printed) <= within, source


RECURRENCE = "the recurrence r += (k-1)*j, j *= s over the released layers"
# spec, overrides, layer, size, stride
FIELDS = [
    ("vgg16", (), "conv5_3", 196, 16, RECURRENCE),
    ("vgg19", (), "pool5", 268, 32, RECURRENCE),
    ("resnet18", (), "layer4.1.relu", 435, 32, RECURRENCE),
    ("resnet34", (), "layer4.2.relu", 899, 32, RECURRENCE),
    ("resnet50", (), "layer4.2.relu", 427, 32, RECURRENCE),
    ("resnet50", PAPER, "layer4.2.relu", 483, 32, "Araujo et al. 2019 (Computing Receptive Fields): resnet_v1_50"),
    ("resnet101", PAPER, "layer4.2.relu", 1027, 32, "Araujo et al. 2019 (Computing Receptive Fields): resnet_v1_101"),
    ("resnet152", PAPER, "layer4.2.relu", 1507, 32, "Araujo et al. 2019 (Computing Receptive Fields): resnet_v1_152"),
    ("mobilenet_v2", (), "conv_last_relu6", 491, 32, RECURRENCE),
    ("deeplabv3_resnet50", (), "layer4.2.relu", 427, 8, "dilation instead of stride keeps ResNet-50's field"),
    ("deepercut", (), "layer4.2.relu", 1507, 16, "dilation instead of stride keeps ResNet-152's field"),
    ("espcn", (), "conv3", 9, 1, "5 + 2 + 2"),
    ("tcn", (), "network.7.relu", 3061, 1, "1 + 2 (k-1) (2^8-1), Bai et al. 2018"),
]


@pytest.mark.parametrize(
    ("name", "overrides", "layer", "size", "stride", "source"),
    FIELDS,
    ids=[f"{row[0]}-{row[2]}" + "-paper" * bool(row[1]) for row in FIELDS],
)
def test_fields(name: str, overrides: Overrides, layer: str, size: int, stride: int, source: str) -> None:
    found = fields(name, overrides).of(graph(name, overrides).by_name[layer])
    assert found.size is not None
    assert set(found.size) == set(found.size_min or ()) == {size}, source
    assert set(found.stride or ()) == {stride}


def test_unet_phases_and_size() -> None:
    """388 pixels of 572 (figure 1 of the paper); the 188 that people quote is the smallest of the phases."""
    found = fields("unet").of(graph("unet").outputs[0])
    assert graph("unet").nodes[graph("unet").outputs[0]].shape.size == (388, 388)
    assert (found.size_min, found.size, found.stride) == ((188, 188), (204, 204), (1, 1))


SIZES: Mapping[str, tuple[int, ...]] = {
    "fcn32s": (21, 500, 500),
    "fcn16s": (21, 500, 500),
    "fcn8s": (21, 500, 500),
    "pspnet101": (21, 473, 473),
    "deeplabv3plus": (21, 513, 513),
    "deeplabv3_resnet50": (21, 520, 520),
    "hourglass": (16, 64, 64),
    "cpm": (15, 46, 46),
    "yolov2": (425, 19, 19),
    "srresnet": (3, 384, 384),
    "espcn": (1, 1080, 1920),
    "head_pose": (3,),
    "resnet3d18": (400,),
    "wavenet": (256, 16000),
    "unet3d": (3, 44, 44, 28),
}


def test_unet3d_counts_what_the_paper_counts() -> None:
    """Cicek et al. 2016: 19,069,955 parameters, those of batch norm not among them."""
    assert params("unet3d", (("norm", "none"),)) == 19_069_955


def test_inception_with_its_auxiliary_head() -> None:
    with_head = (("aux", "true"),)
    assert params("inception_v3", with_head) == 27_161_264, TORCHVISION
    assert len(graph("inception_v3", with_head).outputs) == 2
    assert len(graph("inception_v3").outputs) == 1


@pytest.mark.parametrize("name", SIZES)
def test_output_sizes(name: str) -> None:
    for index in graph(name).outputs:
        shape = graph(name).nodes[index].shape
        assert (shape.channels, *shape.size) == SIZES[name]


def test_ssd_heads() -> None:
    """Liu et al. 2016: 8,732 default boxes with 21 scores each, from maps of 38, 19, 10, 5, 3 and 1."""
    shapes = [graph("ssd300").nodes[i].shape for i in graph("ssd300").outputs]
    assert [shape.size[0] for shape in shapes] == [38, 38, 19, 19, 10, 10, 5, 5, 3, 3, 1, 1]
    assert sum(shape.elements for shape in shapes[::2]) == 4 * 8732
    assert sum(shape.elements for shape in shapes[1::2]) == 21 * 8732


def test_deepercut_heads() -> None:
    shapes = [graph("deepercut").nodes[i].shape for i in graph("deepercut").outputs]
    assert [(shape.channels, shape.size) for shape in shapes] == [(14, (86, 86)), (28, (86, 86)), (364, (86, 86))]


@pytest.mark.parametrize("stacks", [1, 2, 8])
def test_hourglass_stacks(stacks: int) -> None:
    """Each stack adds the same layers, and one more output."""
    key = (("stacks", str(stacks)),)
    assert len(graph("hourglass", key).outputs) == stacks
    one, two = params("hourglass", (("stacks", "1"),)), params("hourglass", (("stacks", "2"),))
    assert params("hourglass", key) == one + (stacks - 1) * (two - one)


def test_cpm_as_released() -> None:
    """Pools 3/2 that round up: the same maps, 7 pixels more per stage's trunk."""
    released = (("pool", "3"),)
    found = fields("cpm", released)
    sizes = [found.of(i).size for i in graph("cpm", released).outputs]
    assert sizes[:2] == [(167, 167), (407, 407)]
    assert graph("cpm", released).nodes[-1].shape.size == (46, 46)


def test_video_axes_are_separate() -> None:
    found = fields("resnet3d18").of(graph("resnet3d18").by_name["layer4.1.relu"])
    assert (found.size, found.stride) == ((109, 219, 219), (8, 16, 16))


def test_causal_networks_see_no_future() -> None:
    for name in ("wavenet", "tcn"):
        for index, node in enumerate(graph(name).nodes):
            found = fields(name).of(index)
            if node.shape.size == graph(name).nodes[0].shape.size and found.size and found.start:
                assert found.start[0] + found.size[0] - 1 == 0, node.name


def test_se_sees_the_whole_input_but_keeps_its_field() -> None:
    plain, gated = (fields(name).of(graph(name).by_name["layer4.2.relu"]) for name in ("resnet50", "se_resnet50"))
    assert gated.size == plain.size == (427, 427)
    assert gated.whole_input
    assert not plain.whole_input
