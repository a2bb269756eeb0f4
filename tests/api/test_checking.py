"""Rules and budgets in Python."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from torch import nn

import rfcalc
from tests.cli.run import run

OWN = "input: 3x8x8\nlayers: [{conv: {out: 4, k: 3}}]\nbudget: {macs: <= 1 k}\n"


@pytest.mark.parametrize("spec", ["lessons/checkerboard", "resnet18", "unet"])
def test_the_findings_are_those_of_the_command(
    spec: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for options, words in (({}, []), ({"select": "ALL", "budget": {"macs": "<= 1"}}, ["--select", "ALL", "--max-macs", "1"])):
        found = rfcalc.check(spec, **options)  # type: ignore[arg-type]
        told = json.loads(run(capsys, monkeypatch, "check", spec, *words, "--format", "json").out)["findings"]
        assert [(one.code, one.layer, one.message, one.line) for one in found] == [
            (one["code"], one["layer"], one["message"], one["line"]) for one in told
        ]
        printed = run(capsys, monkeypatch, "check", spec, *words, "--format", "full").out
        assert all(str(one) in printed for one in found if not words)


def test_a_live_module_and_several() -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
    [finding] = rfcalc.check(module, (3, 16, 16))
    assert (finding.code, finding.layer) == ("RF301", "0")
    assert repr(finding).startswith("<Sequential: warning RF301")
    assert len(rfcalc.check([module, module], (3, 16, 16))) == 2
    assert rfcalc.check(module, (3, 16, 16), ignore=["RF3"]) == ()


def test_settings_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rfcalc.toml").write_text('ignore = ["RF201"]\n')
    assert rfcalc.check("lessons/checkerboard")
    monkeypatch.chdir(tmp_path)
    assert not rfcalc.check("lessons/checkerboard")


def test_a_revision(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(OWN.replace("budget: {macs: <= 1 k}", "budget: {macs_change: <= 10 %}"))
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    assert not rfcalc.check(file, base="HEAD")
    file.write_text(file.read_text().replace("out: 4", "out: 8"))
    assert [one.message for one in rfcalc.check(file, base="HEAD")] == ["MACs changed by +100.0 %, the budget is at most 10 %"]


def test_what_is_wrong_is_said_at_once() -> None:
    with pytest.raises(rfcalc.SpecError) as found:
        rfcalc.check(["resnet1", "nope.yaml", "resnet18"])
    assert [problem.message.split(",")[0] for problem in found.value.problems] == [
        "there is no file resnet1",
        "there is no file nope.yaml",
    ]
    with pytest.raises(rfcalc.SpecError, match="RF9"):
        rfcalc.check("resnet18", select="RF9")
    with pytest.raises(rfcalc.SpecError, match='did you mean "macs"'):
        rfcalc.check("resnet18", budget={"mac": 3})


def test_a_budget_that_is_kept() -> None:
    rfcalc.assert_budget("resnet18", macs="<= 2 G", receptive_field=">= 200", params=12e6)
    rfcalc.assert_budget(nn.Conv2d(3, 4, 3), (3, 8, 8), macs="<= 4 k", **{"*": {"params": "== 112"}})
    rfcalc.assert_budget(rfcalc.analyze("resnet50", depth=101), params=">= 44 M")


def test_a_budget_that_is_not_kept_names_the_figure_the_bound_and_the_layer() -> None:
    with pytest.raises(AssertionError) as found:
        rfcalc.assert_budget("resnet18", macs="<= 1 G", receptive_field=">= 500", **{"layer4.*": {"params": "<= 2 M"}})
    assert str(found.value).splitlines() == [
        "resnet18 at 3x224x224 is outside its budget",
        "  MACs: 1.81 G, the budget is at most 1.00 G; the most in conv1: 118 M, 6.5 %",
        "  receptive field: 435, the budget is at least 500; at layer4.1.relu, the last map",
        *(
            f"  parameters: 2.36 M, the budget is at most 2.00 M; in {name}"
            for name in ("layer4.0.conv2", "layer4.1.conv1", "layer4.1.conv2")
        ),
    ]
    with pytest.raises(AssertionError, match="and 6 more"):
        rfcalc.assert_budget("resnet18", **{"layer4.*": {"output_bytes": "<= 1"}})  # 16 of them


def test_the_budget_of_the_spec() -> None:
    with pytest.raises(AssertionError, match=r"6\.91 k, the budget is at most 1\.00 k"):
        rfcalc.assert_budget(OWN)
    with pytest.raises(TypeError, match='such as macs="<= 1 G"'):
        rfcalc.assert_budget("resnet18")


@pytest.mark.parametrize(
    ("bounds", "error", "hint"),
    [
        ({"mac": "<= 1"}, rfcalc.SpecError, 'did you mean "macs"'),
        ({"macs": "about 1"}, rfcalc.SpecError, "such as"),
        ({"receptive_field": 300}, rfcalc.SpecError, "at least"),
        ({"macs_change": "<= 1 %"}, TypeError, "base=REVISION"),
        ({"lyer4*": {"params": 1}}, rfcalc.SpecError, "no layer matches"),
        ({"layer4*": {"saved_for_backward": 1}}, rfcalc.SpecError, "single layer"),
    ],
)
def test_what_is_no_budget(bounds: dict[str, Any], error: type[Exception], hint: str) -> None:
    with pytest.raises(error, match=hint):
        rfcalc.assert_budget("resnet18", **bounds)


def test_in_pytest_the_traceback_ends_in_the_test(tmp_path: Path) -> None:
    file = tmp_path / "test_net.py"
    file.write_text('import rfcalc\ndef test_net():\n    rfcalc.assert_budget("resnet18", macs="<= 1 G")\n')
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
    told = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path).stdout
    assert "the most in conv1" in told
    assert "checking.py" not in told
