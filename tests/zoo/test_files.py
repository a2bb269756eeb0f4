"""Every shipped file: found from anywhere, described in its first line, with a header that says what it follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.importers import load, shipped

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
FILES = sorted(CONFIGS.rglob("*.yaml"))
LESSONS = [path for path in FILES if path.parent.name == "lessons"]
ZOO = [
    "alexnet",
    "vgg11",
    "vgg13",
    "vgg16",
    "vgg19",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "mobilenet_v2",
    "fcn32s",
    "fcn16s",
    "fcn8s",
    "unet",
    "pspnet101",
    "deeplabv3plus",
    "deeplabv3_resnet50",
    "hourglass",
    "cpm",
    "ssd300",
    "yolov2",
    "deepercut",
    "srresnet",
    "espcn",
    "head_pose",
    "convnext_t",
    "efficientnet_b0",
    "hrnet_w18",
    "inception_v3",
    "mobilenet_v3_large",
    "unet3d",
]


def name_of(path: Path) -> str:
    return str(path.relative_to(CONFIGS).with_suffix(""))


def header(path: Path) -> list[str]:
    lines = path.read_text().splitlines()
    end = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    return [line[1:].removeprefix(" ") for line in lines[:end]]


def test_the_zoo_is_complete() -> None:
    assert set(ZOO) <= {name for name, _ in shipped()}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_loads_from_any_folder(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    by_name, by_path = load(f"{name_of(path)}.yaml"), load(str(path))
    assert by_name.name == path.stem
    assert [node.name for node in by_name.nodes] == [node.name for node in by_path.nodes]
    assert all(node.shape.elements > 0 for node in by_name.nodes)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_layer_is_dead(path: Path) -> None:
    graph = load(str(path))
    dead = [graph.nodes[i].name for i, readers in enumerate(graph.readers) if not readers and i not in graph.outputs]
    assert dead == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_header(path: Path) -> None:
    lines = header(path)
    assert 20 <= len(lines[0]) <= 92, "one line of description, printed by `rfcalc configs`"
    assert dict(shipped())[name_of(path)] == lines[0]
    if path in LESSONS:
        assert len(lines) == 1, "the rest is what `rfcalc lesson` shows"
        return
    assert lines[1] == "", "an empty comment line, then the definition"
    text = " ".join(lines[1:])
    assert any(str(year) in text for year in range(1998, 2026)) or "Not a published network" in text
    if "extends:" not in path.read_text():
        assert "Look at: " in text, "what to look at in the table"
