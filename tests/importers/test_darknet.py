"""Darknet files: the figures of the published networks, darknet's own rules, places of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from rfcalc import to_torch
from rfcalc.errors import SpecError
from rfcalc.graph import Graph
from rfcalc.importers import load
from rfcalc.importers.darknet.load import to_spec
from tests.importers.cfg_files import FILES, UP, add, conv, pool, route
from tests.importers.darknet_run import run
from tests.oracle.checks import check

# Bytes of the published weight files: a header, then 4 for each number, running means and variances among them.
WEIGHTS = {
    "yolov1": (789312988, 16),
    "yolov2": (203934260, 16),
    "yolov3": (248007048, 20),
    "yolov3-tiny": (35434956, 20),
    "yolov4": (257717640, 20),
    "yolov4-tiny": (24251276, 20),
}
# Billions of operations as darknet counts them, twice the MACs; at the size of the file, or the one given.
OPERATIONS = {
    ("yolov2", 608): 62.94,
    ("yolov2", 416): 29.46,
    ("yolov3", 416): 65.86,
    ("yolov3", 608): 140.69,
    ("yolov3-tiny", 416): 5.57,
    ("yolov4", 608): 128.39,
    ("yolov4", 416): 60.1,
    ("yolov4-tiny", 416): 6.91,
    ("darknet19", 224): 5.58,
    ("darknet53", 256): 18.57,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("cfg")
    for name, text in FILES.items():
        (made / f"{name}.cfg").write_text(text)
    return made


def running(graph: Graph) -> int:
    """Running means and variances of the batch norms."""
    return sum(2 * node.shape.channels for node in graph.layers if node.op.word == "bn")


def params(graph: Graph) -> int:
    return sum(node.cost.params for node in graph.layers)


@pytest.mark.parametrize("name", WEIGHTS)
def test_numbers_are_those_of_the_published_weights(name: str, folder: Path) -> None:
    graph = load(str(folder / f"{name}.cfg"))
    size, header = WEIGHTS[name]
    assert 4 * (params(graph) + running(graph)) + header == size


@pytest.mark.parametrize(("name", "size"), OPERATIONS)
def test_operations_are_the_published_ones(name: str, size: int, folder: Path) -> None:
    graph = load(str(folder / f"{name}.cfg"), {"input": f"3x{size}x{size}"})
    assert 2 * sum(node.cost.macs for node in graph.layers) / 1e9 == pytest.approx(OPERATIONS[name, size], abs=0.006)


def test_parameters_of_yolov3(folder: Path) -> None:
    assert params(load(str(folder / "yolov3.cfg"))) == 61_949_149


LOCAL = "[local]\nfilters=3\nsize=4\nstride=2\nactivation=linear\n"
SMALL: dict[str, tuple[int, str]] = {
    "convolutions": (11, conv(8) + conv(6, 1, act="linear") + conv(4, 3, 2, "mish") + conv(4, 5, 2, "relu")),
    "even kernels": (11, conv(8, 2) + conv(6, 4, 2)),
    "padding as a number": (11, conv(8).replace("pad=1", "padding=2") + conv(4, 3).replace("pad=1", "pad=0")),
    "groups": (8, conv(8) + conv(12).replace("size", "groups=4\nsize")),
    "pools": (11, conv(4) + pool() + pool(2, 1) + pool(3, 1) + pool(3, 2)),
    "pools of even sizes": (12, conv(4) + pool() + pool(4, 1) + pool(5, 1)),
    "pools with padding": (12, conv(4) + pool(3, 2) + "padding=0\n" + pool(3, 1) + "padding=3\n" + pool(2, 2) + "padding=2\n"),
    "route": (8, conv(4) + conv(6) + route(-1, 0) + conv(4) + route(1) + conv(3)),
    "route of groups": (8, conv(6) + conv(12) + route(-1, 0, more="groups=3\ngroup_id=1\n") + conv(2)),
    "route of half": (8, conv(8) + route(-1, more="groups=2\ngroup_id=1\n") + conv(2) + route(-1, -2)),
    "shortcut": (8, conv(4) + conv(4) + add(-2) + conv(3)),
    "shortcut to fewer channels": (8, conv(4) + conv(6) + add(-2).replace("linear", "leaky") + conv(3)),
    "shortcut to more channels": (8, conv(6) + conv(4) + add(-2).replace("linear", "leaky") + conv(3)),
    "reorg": (8, conv(8) + "[reorg]\nstride=2\n" + conv(3)),
    "upsample": (6, conv(4) + UP + conv(3)),
    "classifier": (8, conv(4) + "[avgpool]\n" + conv(5, 1, act="linear") + "[softmax]\n"),
    "local": (9, conv(4) + "[local]\nfilters=5\nsize=3\npad=1\nactivation=leaky\n" + LOCAL + conv(2)),
    "connected": (6, conv(4) + "[connected]\noutput=7\nactivation=leaky\n[connected]\noutput=3\n[softmax]\n"),
}


def small(name: str, folder: Path) -> Graph:
    size, text = SMALL[name]
    path = folder / "net.cfg"
    path.write_text(f"[net]\nwidth={size}\nheight={size}\nchannels=3\n{text}")
    return load(str(path))


def shaken(module: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand_like(tensor) + 0.5 if tensor.dim() == 1 else torch.randn_like(tensor))
    return module.eval()


@pytest.mark.parametrize("name", SMALL)
def test_outputs_are_darknets(name: str, tmp_path: Path) -> None:
    graph = small(name, tmp_path)
    module = shaken(to_torch(graph))
    image = torch.randn(2, 3, *graph.nodes[0].shape.size)
    with torch.no_grad():
        wanted = run((tmp_path / "net.cfg").read_text(), module.state_dict(), image)
        torch.testing.assert_close(module(image), wanted[-1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "name", ["pools", "pools with padding", "reorg", "route of half", "shortcut to fewer channels", "even kernels"]
)
def test_fields_by_gradients(name: str, tmp_path: Path) -> None:
    check(small(name, tmp_path), nodes=4, units=4)


@pytest.mark.parametrize("name", FILES)
def test_the_spec_gives_the_same_network(name: str, folder: Path, tmp_path: Path) -> None:
    graph, again = written_again(folder / f"{name}.cfg", tmp_path)
    assert [(n.op, n.inputs, n.shape) for n in again.nodes] == [(n.op, n.inputs, n.shape) for n in graph.nodes]
    assert again.outputs == graph.outputs


def written_again(path: Path, folder: Path) -> tuple[Graph, Graph]:
    """The graph of a file, and that of the spec it becomes."""
    (folder / "again.yaml").write_text(to_spec(str(path), {}))
    return load(str(path)), load(str(folder / "again.yaml"))


@pytest.mark.parametrize("name", SMALL)
def test_the_spec_of_each_layer_gives_the_same_network(name: str, tmp_path: Path) -> None:
    small(name, tmp_path)
    graph, again = written_again(tmp_path / "net.cfg", tmp_path)
    assert [(n.op, n.inputs, n.shape) for n in again.nodes] == [(n.op, n.inputs, n.shape) for n in graph.nodes]


def test_residual_blocks_are_written_as_repeats(folder: Path) -> None:
    text = to_spec(str(folder / "yolov3.cfg"), {})
    line = "  - {name: shortcut36, residual: {main: [{conv: {out: 128, k: 1}}, {conv: {out: 256, k: 3}}]}, repeat: 8}"
    assert line in text.splitlines()
    assert text.count("residual") == 5
    assert "from: shortcut36" in text or "shortcut36]" in text


UNIT = conv(4, 1) + conv(8) + add()
READ_ELSEWHERE = {
    "a layer within is read later": conv(8) + UNIT * 2 + route(-2) + conv(4),
    "a sum within is read later": conv(8) + UNIT * 3 + route(-4) + conv(4),
    "another activation": conv(8) + UNIT + UNIT.replace("activation=linear", "activation=leaky") + UNIT,
    "other channels": conv(8) + UNIT + UNIT.replace("filters=4", "filters=2") + conv(4),
    "of the input": "[convolutional]\nfilters=3\nsize=1\n" + conv(3) + conv(3) + add(),
    "longer": conv(8) + (conv(4, 1) + conv(4) + conv(4) + conv(8, 1) + add(-5)) * 2,
    "within each other": conv(8) + conv(8) + conv(8) + add(-2) + conv(8) + add(-5),
    "a residual whose path begins elsewhere": conv(8) + conv(8) + route(-2) + conv(8) + add(-4) + conv(8) + add(-2),
}


@pytest.mark.parametrize("name", READ_ELSEWHERE)
def test_residual_blocks_that_others_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "net.cfg").write_text(f"[net]\nwidth=8\nheight=8\n{READ_ELSEWHERE[name]}")
    graph, again = written_again(tmp_path / "net.cfg", tmp_path)
    assert [(n.op, n.inputs, n.shape) for n in again.nodes] == [(n.op, n.inputs, n.shape) for n in graph.nodes]


START = "[net]\nwidth=8\nheight=8\n[convolutional]\nfilters=8\nsize=3\npad=1\n"
MISTAKES = {  # what stands behind the first layer, and what is said where
    "[local]\nsize=5\npad=1": ("E623", 10, 1, "a size of 3 in darknet, not 5"),
    "[gru]\noutput=8": ("E623", 8, 1, "[gru] runs over the steps of a sequence"),
    "[crnn]": ("E623", 8, 1, "[crnn] runs over the steps"),
    "[maxpol]": ("E622", 8, 1, "unknown layer"),
    "[]": ("E620", 8, 1, "a word in brackets"),
    "size": ("E620", 8, 1, "neither a section nor an option"),
    "[convolutional]\nfitlers=3": ("E623", 9, 1, 'no option "fitlers"'),
    "[convolutional]\nfilters=many": ("E623", 9, 1, "filters must be a whole number"),
    "[convolutional]\nfilters=0": ("E623", 9, 1, "at least 1"),
    "[convolutional]\nfilters=8\nfilters=16": ("E623", 10, 1, "given twice"),
    "[convolutional]\nactivation=leeky": ("E623", 9, 1, 'unknown activation "leeky"'),
    "[convolutional]\nsize=3\ndilation=2": ("E623", 10, 1, "keep their size"),
    "[convolutional]\ngroups=3\nfilters=9": ("E201", 8, 1, "groups (3)"),
    "[convolutional]\nantialiasing=1": ("E623", 9, 1, "is not known"),
    "[route]": ("E623", 8, 1, "needs layers"),
    "[route]\nlayers=x": ("E623", 9, 1, "is none"),
    "[route]\nlayers=-4": ("E623", 9, 1, "cannot read layer -4"),
    "[route]\nlayers=1": ("E623", 9, 1, "layers above it are 0 to 0"),
    "[route]\nlayers=0\ngroups=3": ("E623", 10, 1, "do not divide"),
    "[route]\nlayers=0\ngroups=2\ngroup_id=2": ("E623", 11, 1, "no group 2 of 2"),
    "[maxpool]\nsize=2\nstride=2\n[route]\nlayers=-1,0": ("E201", 11, 1, "differ in size"),
    "[shortcut]\nfrom=-2": ("E623", 9, 1, "cannot read layer"),
    "[shortcut]\nfrom=0\nweights_type=per_feature": ("E623", 10, 1, "weights_type"),
    "[reorg]\nstride=3": ("E201", 8, 1, "not a multiple"),
    "[upsample]\nstride=-2": ("E623", 9, 1, "shrinks"),
    "[yolo]\nmask=0,1,2\nclasses=80": ("E623", 10, 1, "need 255 channels, not 8"),
    "[dropout]\nprobability=2": ("E623", 9, 1, "between 0 and 1"),
}


def problem(text: str, folder: Path, **given: str) -> tuple[str, int, int, str]:
    path = folder / "net.cfg"
    path.write_text(text)
    with pytest.raises(SpecError) as error:
        load(str(path), given)
    first = error.value.problems[0]
    assert first.span is not None, str(first)
    return first.code, first.span.line, first.span.column, first.message


@pytest.mark.parametrize("more", MISTAKES)
def test_mistakes_are_said_at_their_place(more: str, tmp_path: Path) -> None:
    *place, message = problem(f"{START}{more}\n", tmp_path)
    *wanted, said = MISTAKES[more]
    assert place == wanted, message
    assert said in message


def test_a_file_begins_with_net(tmp_path: Path) -> None:
    assert problem("[convolutional]\nsize=3\n", tmp_path)[0] == "E621"
    assert problem("[net]\nwidth=8\nheight=8\n", tmp_path)[0] == "E621"
    assert problem("size=3\n[net]\nwidth=8\nheight=8\n[convolutional]\n", tmp_path)[0] == "E620"
    assert "needs height" in problem("[net]\nwidth=8\n[convolutional]\n", tmp_path)[3]
    assert 'no option "heigth"' in problem("[net]\nwidth=8\nheigth=8\nheight=8\n[convolutional]\n", tmp_path)[3]


def test_the_input_may_be_given(tmp_path: Path) -> None:
    (tmp_path / "net.cfg").write_text("[net]\n[convolutional]\nfilters=4\nsize=3\npad=1\n")
    graph = load(str(tmp_path / "net.cfg"), {"input": "5x16x12"})
    assert str(graph.nodes[graph.outputs[0]].shape) == "4x16x12"
    assert params(graph) == 4 * 5 * 9 + 4


def test_comments_and_spaces_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "net.cfg").write_text("# net\n[net]\nwidth = 8 # of the image\nheight=8\n;no\n [convolutional]\n filters = 4\n")
    assert str(load(str(tmp_path / "net.cfg")).nodes[-1].shape) == "4x8x8"


def test_layers_have_darknets_numbers(folder: Path) -> None:
    names = load(str(folder / "yolov3.cfg")).by_name
    assert {"conv0", "shortcut4", "yolo82", "upsample85", "yolo94", "yolo106"} <= names.keys()
    span = load(str(folder / "yolov3.cfg")).nodes[names["yolo82"]].span
    assert span is not None
    assert span.text == "[yolo]"
