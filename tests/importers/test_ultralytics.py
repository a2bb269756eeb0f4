"""Files of rows: the figures of the published models, scales and options, places of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.graph import Graph
from rfcalc.importers import load
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
    "yolo11n": 2624080,
    "yolo11s": 9458752,
    "yolo11m": 20114688,
    "yolo11l": 25372160,
    "yolo11x": 56966176,
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
