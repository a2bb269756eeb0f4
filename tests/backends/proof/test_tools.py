"""Tools that count FLOPs, run on networks: equal where a convention is right, and each difference with its cause."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from rfcalc.analyses.cost import CONVENTIONS
from rfcalc.backends.proof.tools import TOOLS, run_tools
from rfcalc.backends.torch.subject import subject
from rfcalc.importers import load
from tests.running import rfcalc

pytest.importorskip("torch")

LOOSE = """
import torch
from torch import nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.kernel = nn.Parameter(torch.ones(8, 8, 1, 1))

    def forward(self, x):
        x = F.conv2d(torch.relu(self.bn(self.conv(x))), self.kernel)
        return x.mean((2, 3))
"""


def tools(*words: str) -> dict[str, dict[str, Any]]:
    data = rfcalc("explain-cost", *words, "--format", "json").data
    return {one["tool"]: one for one in data["tools"]}


@pytest.mark.parametrize("tool", ["torch", "fvcore"])
@pytest.mark.parametrize("name", ["espcn", "lessons/squeeze_excitation", "lessons/normalization", "lessons/separable"])
def test_a_spec_is_what_they_measure(name: str, tool: str) -> None:
    if tool == "fvcore":
        pytest.importorskip("fvcore")
    (count,) = run_tools(subject(load(name)), [tool])
    assert count.measured is not None, count.cause
    assert count.equal or count.cause == "its trace leaves out layers that no output reads"


@pytest.fixture
def loose(tmp_path: Path) -> str:
    path = tmp_path / "loose.py"
    path.write_text(LOOSE)
    return f"{path}:Net"


def test_what_is_done_in_a_forward(loose: str) -> None:
    pytest.importorskip("fvcore")
    found = tools(loose, "--input", "3x16x16", "--run", "torch,fvcore")
    assert found["torch"]["stated"] == found["torch"]["measured"] == 2 * 256 * 8 * (27 + 8)
    mean = found["fvcore"]
    assert mean["stated"] - mean["measured"] == 8 * 256
    assert "aten::mean" in mean["cause"]
    assert [(part["module"], part["stated"] - part["measured"]) for part in mean["modules"]] == [("", 8 * 256)]


def test_a_tool_that_sees_modules_alone(loose: str) -> None:
    pytest.importorskip("thop")
    count = tools(loose, "--input", "3x16x16", "--run", "thop")["thop"]
    assert count["measured"] == 256 * 8 * (27 + 4)
    assert "what is done in a forward" in count["cause"]
    assert rfcalc("explain-cost", loose, "--input", "3x16x16", "--run", "thop", "--rebuilt").code == 0


def test_a_difference_that_nobody_explains(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = TOOLS["torch"]

    def wrong(network: Any) -> Any:
        ran = honest(network)
        return type(ran)(ran.total + 7, ran.modules, ran.unsupported)

    monkeypatch.setattr("rfcalc.backends.proof.tools.TOOLS", {"torch": wrong})
    (count,) = run_tools(subject(load("espcn")), ["torch"])
    assert (count.equal, count.cause) == (False, "")


def test_what_a_tool_has_no_rule_for_is_no_excuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """fvcore names many operators that nobody counts: none of them explains a difference of another size."""
    pytest.importorskip("fvcore")
    honest = TOOLS["fvcore"]

    def wrong(network: Any) -> Any:
        ran = honest(network)
        assert ran.unsupported
        return type(ran)(ran.total - 7, ran.modules, ran.unsupported)

    monkeypatch.setattr("rfcalc.backends.proof.tools.TOOLS", {"fvcore": wrong})
    (count,) = run_tools(subject(load("resnet18", {"input": "3x64x64"})), ["fvcore"])
    assert (count.equal, count.cause) == (False, "")


def test_every_tool_has_a_convention() -> None:
    assert set(TOOLS) == set(CONVENTIONS) - {"macs"}


def test_a_tool_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "thop", None)
    (count,) = run_tools(subject(load("espcn")), ["thop"])
    assert count.measured is None
    assert "pip install" in count.cause


def test_mistakes() -> None:
    run = rfcalc("explain-cost", "espcn", "--run", "fvcor", columns=200)
    assert (run.code, 'did you mean "fvcore"?' in run.err) == (2, True)
    assert rfcalc("explain-cost", "espcn", "--rebuilt").code == 2
    assert rfcalc("explain-cost", "espcn", "--rebuilt", "--run", "torch").code == 2
