"""What TAB offers, through the installed command as the shells' scripts call it."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest

from tests.running import rfcalc

OFFERED = {
    "rfcalc exp": ["explain-cost", "explain", "export"],
    "rfcalc analyze x --form": ["--format"],
    "rfcalc analyze resnet10": ["resnet101"],
    "rfcalc analyze espcn --layer con": ["conv1", "conv1_tanh", "conv2", "conv2_tanh", "conv3"],
    "rfcalc analyze x --format m": ["markdown"],
    "rfcalc analyze x --convention t": ["torch", "thop"],
    "rfcalc check x --format s": ["sarif"],
    "rfcalc check x --select RF201,RF20": ["RF201,RF202", "RF201,RF203", "RF201,RF204", "RF201,RF205", "RF201,RF206"],
    "rfcalc time x --dtype fp32,b": ["fp32,bf16"],
    "rfcalc time x --device c": ["cpu", "cuda"],
    "rfcalc time x --mode g": ["graph"],
    "rfcalc transform x --to f": ["fully-convolutional", "fold-bn"],
    "rfcalc export x --to o": ["onnx"],
    "rfcalc init --ci git": ["github", "gitlab"],
    "rfcalc explain E10": [f"E10{n}" for n in (1, 2, 3, 4, 5, 6, 8, 9)],
    "rfcalc explain pixel": ["pixelshuffle", "pixelunshuffle"],
    "rfcalc schema --of d": ["diff", "design"],
    "rfcalc init --from alex": ["alexnet"],
    "rfcalc configs lessons/chec": ["lessons/checkerboard"],
}


def offered(line: str) -> list[str]:
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1), "_RFCALC_COMPLETE": "complete_bash"}
    with mock.patch.dict("os.environ", words):
        run = rfcalc()
    assert run.err == ""
    return run.out.split()


@pytest.mark.parametrize("line", OFFERED)
def test_values_are_offered(line: str) -> None:
    assert offered(line) == OFFERED[line]


def test_files_and_folders_beside_shipped_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "resnet_mine.yaml").touch()
    (tmp_path / "resnets").mkdir()
    (tmp_path / "resnet.txt").touch()
    found = offered("rfcalc check resnet")
    assert found[-2:] == ["resnet_mine.yaml", "resnets/"]
    assert "resnet50" in found


def test_no_program_runs_for_its_layers(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("raise SystemExit('it ran')\n")
    assert offered(f"rfcalc analyze {tmp_path}/net.py:Net --layer c") == []
