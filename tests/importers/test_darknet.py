"""Darknet files: the figures of the published networks, darknet's own rules, places of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.graph import Graph
from rfcalc.importers import load
from tests.importers.cfg_files import FILES

# Bytes of the published weight files: a header, then 4 for each number, running means and variances among them.
WEIGHTS = {"yolov2": (203934260, 16), "yolov3": (248007048, 20), "yolov3-tiny": (35434956, 20), "yolov4": (257717640, 20)}
# Billions of operations as darknet counts them, twice the MACs; at the size of the file, or the one given.
OPERATIONS = {
    ("yolov2", 608): 62.94,
    ("yolov2", 416): 29.46,
    ("yolov3", 416): 65.86,
    ("yolov3", 608): 140.69,
    ("yolov3-tiny", 416): 5.57,
    ("yolov4", 608): 128.39,
    ("yolov4", 416): 60.1,
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
