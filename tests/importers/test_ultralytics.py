"""Files of rows: the figures of the published models, scales and options, places of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.errors import Problem, SpecError
from rfcalc.graph import Graph
from rfcalc.importers import load
from rfcalc.importers.ultralytics.load import to_spec
from tests.importers.row_files import FILES

# Parameters as the package prints them for the built model; where it prints a fused one, the difference is one number per
# channel of each convolution with batch norm. From the summaries in the package's files and its documentation.
PUBLISHED = {
    "yolov3": 103754144,
    "yolov3-spp": 104803744,
    "yolov3-tiny": 12173248,
    "yolov5n": 2654816,
    "yolov5s": 9153152,
    "yolov5m": 25111456,
    "yolov5l": 53225024,
    "yolov5x": 97276448,
    "anchored-yolov5n": 1872157,
    "anchored-yolov5s": 7235389,
    "anchored-yolov5m": 21190557,
    "anchored-yolov5l": 46563709,
    "anchored-yolov5x": 86749405,
    "yolov6n": 4500080,
    "yolov8n": 3157200,
    "yolov8s": 11166560,
    "yolov8m": 25902640,
    "yolov8l": 43691520,
    "yolov8x": 68229648,
    "yolov8n-p2": 3354144,
    "yolov8n-seg": 3409968,
    "yolov8n-pose": 3295470,
    "yolov8n-obb": 3228867,
    "yolov8s-obb": 11452739,
    "yolov9t": 2128720,
    "yolov9s": 7318368,
    "yolov9m": 20216160,
    "yolov9c": 25590912,
    "yolov9e": 58206592,
    "yolov10n": 2775520,
    "yolov10s": 8128272,
    "yolov10m": 16576768,
    "yolo11n": 2624080,
    "yolo11s": 9458752,
    "yolo11m": 20114688,
    "yolo11l": 25372160,
    "yolo11x": 56966176,
    "yolo12n": 2602288,
    "yolo12s": 9284096,
    "yolo12m": 20199168,
    "yolo12l": 26450784,
    "yolo12x": 59210784,
    "yolo11n-seg": 2876848,
    "yolo11n-obb": 2695747,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("rows")
    for name, text in FILES.items():
        (made / f"{name}.yaml").write_text(text)
    return made


def params(graph: Graph) -> int:
    return sum(node.cost.params for node in graph.layers)


def macs(graph: Graph) -> int:
    return sum(node.cost.macs for node in graph.layers)


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_the_published_ones(name: str, folder: Path) -> None:
    assert params(load(str(folder / f"{name}.yaml"))) == PUBLISHED[name]


def test_macs_of_yolov8n(folder: Path) -> None:
    assert macs(load(str(folder / "yolov8n.yaml"))) == 4_371_993_600


# Parameters after fusing, where only those are published: each convolution with a batch norm has a bias instead of its scale
# and offset, one number less per channel.
FUSED = {
    "yolov3-tiny": 12168784,
    "anchored-yolov5s-seg": 7611485,
    "yolov8n-seg": 3404320,
    "yolov8n-pose": 3289964,
    "yolov8n-p6": 4976656,
    "yolov8s-p6": 17897168,
    "yolov8m-p6": 44862352,
    "yolov8l-p6": 62351440,
    "yolov8x-p6": 97382352,
    "yolo11n-seg": 2868664,
}


@pytest.mark.parametrize("name", FUSED)
def test_parameters_after_fusing_are_the_published_ones(name: str, folder: Path) -> None:
    graph = load(str(folder / f"{name}.yaml"))
    assert params(graph) - sum(node.shape.channels for node in graph.layers if node.op.word == "bn") == FUSED[name]


def test_parameters_of_models_with_other_classes(folder: Path) -> None:
    for name, given, published in (
        ("yolov8n-cls", {"nc": "2"}, 1440850),
        ("yolov8n-cls", {"nc": "15"}, 1457503),
        ("yolov8n-pose", {"nc": "1", "kpt_shape": "[5, 3]"}, 3083424),
        ("yolov8n", {"nc": "1"}, 3011043),
    ):
        assert params(load(str(folder / f"{name}.yaml"), given)) == published


# GFLOPs as the package prints them: twice what its counter (thop) finds, which takes 4 operations for each number of a batch
# norm, and does not see the products within attention. Of yolo11x that is 195.946, which is printed as 196.0.
GFLOPS = {
    "yolov8n": 8.9,
    "yolov8s": 28.8,
    "yolov8m": 79.3,
    "yolov8l": 165.7,
    "yolov8x": 258.5,
    "yolov8n-p2": 17.4,
    "yolov8n-obb": 9.1,
    "yolov8s-obb": 29.8,
    "yolov9c": 104.0,
    "yolov9e": 193.0,
    "yolov9t": 8.5,
    "yolov9s": 27.6,
    "yolov9m": 77.9,
    "yolov10n": 8.7,
    "yolov10m": 64.5,
    "yolo11n": 6.6,
    "yolo11s": 21.7,
    "yolo11m": 68.5,
    "yolo11l": 87.6,
    "yolo11x": 196.0,
    "yolo12n": 6.7,
    "yolo12s": 21.7,
    "yolo12m": 68.1,
    "yolo12l": 89.7,
    "yolo12x": 200.3,
}


@pytest.mark.parametrize("name", GFLOPS)
def test_operations_are_the_published_ones(name: str, folder: Path) -> None:
    graph = load(str(folder / f"{name}.yaml"))
    products = sum(dict(node.cost.elements).get("attention", 0) for node in graph.layers)
    normalized = sum(node.shape.elements for node in graph.layers if node.op.word == "bn")
    assert 2 * (macs(graph) - products + 4 * normalized) / 1e9 == pytest.approx(
        GFLOPS[name], abs=0.055 if name == "yolo11x" else 0.05
    )


# Millions of parameters and GFLOPs of YOLOv5's own networks with masks, as its table prints them: after fusing, each product
# twice. Of the largest one it prints 265.7 GFLOPs, which is 265.64 by the same count.
FUSED_MASKS = {"n": (2.0, 7.1), "s": (7.6, 26.4), "m": (22.0, 70.8), "l": (47.9, 147.7)}


@pytest.mark.parametrize("letter", FUSED_MASKS)
def test_masks_of_yolov5(letter: str, folder: Path) -> None:
    graph = load(str(folder / f"anchored-yolov5{letter}-seg.yaml"))
    fused = params(graph) - sum(node.shape.channels for node in graph.layers if node.op.word == "bn")
    assert (round(fused / 1e6, 1), round(2 * macs(graph) / 1e9, 1)) == FUSED_MASKS[letter]


def test_layers_are_named_as_in_the_package(folder: Path) -> None:
    graph = load(str(folder / "yolov8n.yaml"))
    for name in ("model.0.conv", "model.2.m.0.cv1.conv", "model.9.cv2.conv", "model.22.cv3.1.0.conv", "model.22.dfl.conv"):
        assert name in graph.by_name


def test_layers_have_the_places_of_their_rows(folder: Path) -> None:
    graph = load(str(folder / "yolov8n.yaml"))
    lines = (folder / "yolov8.yaml").read_text().splitlines()
    span = graph.nodes[graph.by_name["model.4.m.1.cv2.conv"]].span
    assert span is not None
    assert span.source == str(folder / "yolov8.yaml")
    assert lines[span.line - 1] == "  - [-1, 6, C2f, [256, True]]"
    assert lines[span.line - 1][span.column - 1 :].startswith("[-1, 6")


def test_the_scale_comes_from_the_name_or_is_given(folder: Path) -> None:
    assert params(load(str(folder / "yolov8.yaml"))) == PUBLISHED["yolov8n"]  # the first one, as in the package
    assert params(load(str(folder / "yolov8.yaml"), {"scale": "m"})) == PUBLISHED["yolov8m"]
    assert params(load(str(folder / "yolov8n.yaml"), {"scale": "s"})) == PUBLISHED["yolov8s"]
    assert load(str(folder / "yolov8s.yaml")).name == "yolov8s"


def test_a_p6_model_has_two_names(folder: Path) -> None:
    assert params(load(str(folder / "yolov8n6.yaml"))) == params(load(str(folder / "yolov8n-p6.yaml")))


def test_classes_and_input_are_given(folder: Path) -> None:
    graph = load(str(folder / "yolov8n.yaml"), {"nc": "1", "input": "1x320x320"})
    assert str(graph.nodes[0].shape) == "1x320x320"
    assert [str(graph.nodes[i].shape) for i in graph.outputs] == ["65x40x40", "65x20x20", "65x10x10", "4x2100"]


def test_old_files_scale_by_two_numbers(tmp_path: Path) -> None:
    rows = "backbone:\n  - [-1, 1, Conv, [64, 3, 2]]\n  - [-1, 9, C3, [128]]\n"
    (tmp_path / "net.yaml").write_text(f"depth_multiple: 0.33\nwidth_multiple: 0.5\n{rows}")
    graph = load(str(tmp_path / "net.yaml"))
    assert graph.nodes[graph.outputs[0]].shape.channels == 64
    assert {node.name.split(".")[3] for node in graph.layers if node.name.startswith("model.1.m.")} == {"0", "1", "2"}


def test_activations(tmp_path: Path) -> None:
    for text, word in (("nn.ReLU()", "relu"), ("nn.LeakyReLU(0.1)", "leakyrelu"), ("torch.nn.Mish()", "mish")):
        (tmp_path / "net.yaml").write_text(f"activation: {text}\nbackbone: [[-1, 1, Conv, [8, 3]]]\n")
        assert load(str(tmp_path / "net.yaml")).layers[-1].op.word == word


def test_several_counts_of_heads_in_one_file(tmp_path: Path) -> None:
    rows = "[[-1, 1, Conv, [256, 1]], [-1, 1, C2PSA, [256]], [-1, 1, Conv, [512, 1]], [-1, 2, C2PSA, [512]]]"
    (tmp_path / "net.yaml").write_text(f"backbone: {rows}\n")
    graph = load(str(tmp_path / "net.yaml"), {"input": "3x8x8"})
    heads = [getattr(node.op, "groups", 0) for node in graph.layers if node.name.endswith("attn.mixed")]
    assert heads == [2, 4, 4]


@pytest.mark.parametrize(
    "name", ["yolov8n", "yolo11s-seg", "yolov9e", "yolov10m", "yolov5x", "yolov6n", "yolov3-tiny", "yolov8n-cls"]
)
def test_the_spec_gives_the_same_network(name: str, folder: Path, tmp_path: Path) -> None:
    graph = load(str(folder / f"{name}.yaml"))
    (tmp_path / "net.yaml").write_text(to_spec(str(folder / f"{name}.yaml"), {}))
    again = load(str(tmp_path / "net.yaml"))
    assert [(n.name, n.op, n.inputs, n.shape) for n in again.nodes] == [(n.name, n.op, n.inputs, n.shape) for n in graph.nodes]
    assert (again.outputs, again.name) == (graph.outputs, graph.name)


def problems(text: str, folder: Path, **given: str) -> list[Problem]:
    path = folder / "net.yaml"
    path.write_text(text)
    with pytest.raises(SpecError) as error:
        load(str(path), given)
    return list(error.value.problems)


ONE = "backbone:\n  - [-1, 1, Conv, [16, 3, 2]]\n"
MISTAKES = {  # what stands behind the first row, and what is said where
    "  - [-1, 1, Cnov, [16]]": ("E612", 3, 13, 'unknown module "Cnov"'),
    "  - [-1, 1, 7, [16]]": ("E611", 3, 13, "the module is a word"),
    "  - [-1, Conv, [16]]": ("E611", 3, 5, "a list of 3"),
    "  - hello": ("E611", 3, 5, "'hello'"),
    "  - [-1, 0, Conv, [16]]": ("E611", 3, 10, "repeats"),
    "  - [-1, 1, Conv, 16]": ("E611", 3, 19, "the args are a list"),
    "  - [-3, 1, Conv, [16]]": ("E613", 3, 6, "above the first row"),
    "  - [1, 1, Conv, [16]]": ("E613", 3, 6, "itself"),
    "  - [4, 1, Conv, [16]]": ("E613", 3, 6, "a later row"),
    "  - [x, 1, Conv, [16]]": ("E613", 3, 6, "numbers of rows"),
    "  - [[], 1, Concat, [1]]": ("E613", 3, 6, "reads nothing"),
    "  - [-1, 1, Conv, []]": ("E614", 3, 5, "needs the number of output channels"),
    "  - [-1, 1, Conv, [16, three]]": ("E614", 3, 24, "k must be a whole number"),
    "  - [-1, 1, Conv, [16, 3, 1, 1, 1, 1, True, 2]]": ("E614", 3, 45, "takes 7 args"),
    "  - [-1, 1, C2f, [16, Treu]]": ("E614", 3, 23, "shortcut must be true or false"),
    "  - [-1, 3, Conv, [32]]": ("E614", 3, 5, "repeated 3 times"),
    "  - [-1, 1, C2PSA, [256]]": ("E614", 3, 5, "keeps its channels"),
    "  - [-1, 1, Conv, [32, 3, 1, 1, 5]]": ("E201", 3, 5, "groups (5)"),
    "  - [[-1, 0], 1, Conv, [16]]": ("E614", 3, 5, "reads one row, not 2"),
    "  - [[-1], 1, Concat, [2]]": ("E614", 3, 24, "axis 1"),
    "  - [[-1], 1, Detect, [nc]]": ("E614", 3, 24, "nc must be a whole number"),
    "  - [[-1], 1, Detect, [80, anchors]]": ("E614", 3, 28, "anchors"),
    "  - [[-1], 1, Detect, [80, [[1, 2], [3]]]]": ("E614", 3, 28, "as many for each level"),
    "  - [[-1], 1, Detect, [80]]\n  - [-1, 1, Conv, [16]]": ("E614", 4, 5, "which nothing reads"),
    "  - [-1, 1, CBLinear, [[8, 8]]]\n  - [-1, 1, Conv, [16]]": ("E614", 4, 5, "which only CBFuse reads"),
    "  - [-1, 1, CBLinear, [[8, 16]]]\n  - [[1, 0], 1, CBFuse, [[3]]]": ("E614", 4, 26, "there is no number 3"),
    "  - [-1, 1, nn.Conv2d, [8, 8, 3]]": ("E614", 3, 5, "takes 8 channels, but 16 come in"),
    "  - [-1, 1, nn.Upsample, [None, 2, cubic]]": ("E614", 3, 36, "mode must be one of"),
    "  - [-1, 1, SPPF, [16, 4]]": ("E201", 3, 5, "maxpool"),
    "  - [-1, 1, C2f, [16, True, 1, 0.01]]": ("E614", 3, 5, "hidden channels"),
    "nc: none at all": ("E616", 3, 5, "nc must be a whole number"),
    "activation: relu": ("E616", 3, 13, "a layer of torch"),
    "scales: [1, 2]": ("E615", 3, 9, "a mapping"),
    "scales: {n: [1, 2]}": ("E615", 3, 13, "[depth, width, most channels]"),
    "scales: {n: [1, wide, 64]}": ("E615", 3, 17, "width must be"),
    "width_multiple: .inf": ("E616", 3, 17, "width_multiple"),
    "head: {a: 1}": ("E618", 3, 7, "lists of rows"),
}


@pytest.mark.parametrize("more", MISTAKES)
def test_mistakes_are_said_at_their_place(more: str, tmp_path: Path) -> None:
    code, line, column, said = MISTAKES[more]
    first = problems(f"{ONE}{more}\n", tmp_path)[0]
    assert first.span is not None
    assert (first.code, first.span.line, first.span.column) == (code, line, column), str(first)
    assert said in first.message


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    found = problems(f"{ONE}  - [-1, 1, Cnov, [16]]\n  - [9, 1, Conv, [8]]\n  - [0, 1, Conv, [a]]\nnc: x\n", tmp_path)
    assert [problem.code for problem in found] == ["E612", "E613", "E614", "E616"]


def test_mistakes_on_the_command_line(tmp_path: Path) -> None:
    for key, value, code, said in (
        ("scale", "q", "E615", "no scales"),
        ("ncc", "1", "E616", 'no "ncc"'),
        ("nc", "many", "E616", "nc must be"),
        ("input", "3x", "E118", "input"),
        ("model.0.conv.kernl", "3", "E116", "kernl"),
        ("model.7.conv.kernel", "3", "E116", "no layer"),
    ):
        (problem,) = problems(ONE, tmp_path, **{key: value})
        assert problem.code == code
        assert said in problem.message
        assert problem.span is not None
        assert problem.span.source == "command line"


def test_a_layer_is_overridden_by_name(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(ONE)
    graph = load(str(tmp_path / "net.yaml"), {"model.0.conv.kernel": "5", "model.0.conv.padding": "2"})
    assert macs(graph) == 16 * 3 * 25 * 320 * 320
    with pytest.raises(SpecError, match="E617"):
        to_spec(str(tmp_path / "net.yaml"), {"model.0.conv.kernel": "5"})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for name in ("yolov8n.yaml", "yolov8q.yaml"):
        with pytest.raises(SpecError, match=f"no file .*{name}"):
            load(str(tmp_path / name))


def test_specs_are_not_taken_for_rows(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text("input: 3x8x8\nlayers:\n  - {name: backbone, conv: {out: 8, k: 3}}\n")
    assert load(str(tmp_path / "net.yaml")).layers[0].name == "backbone"
