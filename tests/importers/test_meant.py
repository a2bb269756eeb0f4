"""Names that are neither files nor shipped networks: what was meant."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from rfcalc.errors import Problem, SpecError
from rfcalc.importers import load

packaged = pytest.mark.skipif(not (find_spec("torchvision") and find_spec("timm")), reason="torchvision and timm are not there")


def problem(name: str) -> Problem:
    with pytest.raises(SpecError) as caught:
        load(name)
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


@pytest.mark.parametrize("suffix", ["pth", "pt", "ckpt", "safetensors"])
def test_weights_without_their_network(suffix: str, tmp_path: Path) -> None:
    for path in (tmp_path / f"net.{suffix}", tmp_path / f"missing.{suffix}"):
        if path.stem == "net":
            path.write_bytes(b"PK\x03\x04\0\0")
        found = problem(str(path))
        assert (found.code, "file.py:Net" in found.hint) == ("E403", True)
        assert str(path) in found.message


@pytest.mark.parametrize("suffix", ["keras", "tflite", "pb"])
def test_files_that_onnx_has_to_carry(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"net.{suffix}").write_bytes(b"PK\x03\x04\0\0")
    found = problem(str(tmp_path / f"net.{suffix}"))
    assert found.code == "E403"
    assert f".{suffix} files are read as ONNX files only" in found.message
    assert "onnx" in found.hint


def test_a_dotted_name_lacks_its_colon() -> None:
    assert problem("mypkg.models.Net").hint == "a Python callable stands behind a colon: mypkg.models:Net"
    assert "colon" not in problem("my.net.yaml").hint


@packaged
def test_models_of_packages() -> None:
    both = "in Python: torchvision.models:efficientnet_b1 or timm.models:efficientnet_b1"
    assert problem("efficientnet_b1").hint == f'did you mean "efficientnet_b0"? {both}'
    assert problem("resnet18d").hint == 'did you mean "resnet18"? in Python: timm.models:resnet18d'
    assert problem("torchvision:resnet50").hint == "in Python: torchvision.models:resnet50"


def test_nothing_is_near() -> None:
    assert problem("qqqqqq").hint == "rfcalc configs lists them"


def test_a_saved_program_that_is_not_there() -> None:
    assert problem("nowhere.pt2").message == "there is no file nowhere.pt2"
