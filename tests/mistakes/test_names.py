"""Names that attack their readers, through every format: terminals, logs of CI, Markdown, HTML, spreadsheets."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from torch import nn

from rfcalc.errors import one_line, visible
from rfcalc.formats import FORMATS
from rfcalc.formats.findings import FORMATS as FINDINGS
from tests.running import rfcalc

COMMANDS = "::error::pwned\x1b[31m \u202e ##[stop-commands]x <img src=x onerror=alert(1)> @octocat `|"
NAMES = (COMMANDS, "a\n::error::b\r::stop-commands::c", "=cmd()", "</script><!--", "\x07\x9b31m", "\u2028::warning::")
SAFE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ONNX file whose nodes have these names, and specs in files of such names."""
    import onnx
    from onnx import TensorProto, helper

    place = tmp_path_factory.mktemp("hostile")
    nodes, last = [], "in"
    for i, name in enumerate(NAMES):
        nodes.append(helper.make_node("Conv", [last, "w"], [f"t{i}"], name=name, kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
        last = f"t{i}"
    shape = [1, 4, 8, 8]
    graph = helper.make_graph(
        nodes, COMMANDS, [helper.make_tensor_value_info("in", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, shape)],
        [helper.make_tensor("w", TensorProto.FLOAT, [4, 4, 3, 3], [0.0] * 144)],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), place / "net.onnx")
    for name in ("::error::pwned.yaml", "a\n::error::b.yaml", "x\x1b[31m@octocat<b>.yaml"):
        (place / name).write_text("input: 3x8x8\nlayers: [{conv: {out: 8, k: 3}}]\nbudget: {params: <= 1}\n")
    (place / "broken.yaml").write_text(
        'input: 3x8x8\nlayers:\n- {"::error::x\\n::stop-commands::y\\e[31m": 3}\n::error::z: 1\n'
    )
    return place


def is_safe(text: str) -> None:
    """No line that a log obeys, nothing that a terminal obeys."""
    assert not SAFE.search(text), SAFE.search(text)
    assert not [line for line in text.split("\n") if line.lstrip().startswith("::")]
    assert "##[" not in text


@pytest.mark.parametrize(
    "words", [["analyze"], ["analyze", "--full", "--why", "*"], ["compare", "net.onnx@input=4x9x9"], ["paths"]]
)
@pytest.mark.parametrize("format", ["table", "markdown"])
def test_tables(words: Sequence[str], format: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    done = rfcalc(words[0], "net.onnx", *words[1:], "--format", format)
    is_safe(done.out)
    is_safe(done.err)
    if format == "markdown":
        assert not re.search(r"(?<!\w)@octocat|(?<!\\)<img", done.out)


def test_data(folder: Path) -> None:
    """The names come back as they were: quoting is the format's own, but for spreadsheets."""
    data = rfcalc("analyze", str(folder / "net.onnx"), "--format", "json")
    assert data.out.isascii()
    names = [layer["name"] for layer in data.data["layers"]]
    rows = list(csv.DictReader(StringIO(rfcalc("analyze", str(folder / "net.onnx"), "--format", "csv").out)))
    assert [row["name"] for row in rows] == [f"'{name}" if name[0] in "=+-@" else name for name in names]
    assert set(FORMATS) >= {"table", "markdown", "json", "csv"}


@pytest.mark.parametrize("format", FINDINGS)
def test_findings(format: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    specs = sorted(path.name for path in folder.iterdir())
    done = rfcalc("check", "--format", format, "--max-params", "1", "--", *specs)
    assert done.code == 2
    is_safe(done.err)
    if format == "github":
        commands = [line for line in done.out.split("\n") if line.lstrip().startswith("::")]
        assert all(re.match(r"::(error|warning) file=[^:\n]*,line=\d+,col=\d+,title=[^:\n]*::", line) for line in commands)
        assert "\x1b" not in done.out
    elif format in ("json", "sarif", "gitlab"):
        assert json.loads(done.out)
        is_safe("" if done.out.isascii() else done.out)
    elif format == "junit":
        assert len(ElementTree.fromstring(done.out)) == 1
    else:
        is_safe(done.out)
    if format == "markdown":
        assert not re.search(r"(?<!\w)@octocat|(?<!\\)<img", done.out)


def test_errors_of_other_commands(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for words in (
        ["analyze", "broken.yaml"],
        ["analyze", "::error::nothing.yaml"],
        ["analyze", "a\n::error::c"],
        ["diff", "a\n::b", "c"],
    ):
        done = rfcalc(*words)
        assert done.code == 2
        is_safe(done.err + done.out)


def test_a_module_of_torch() -> None:
    import rfcalc as package

    module = nn.Sequential()
    module.add_module("::error::x\n::error::y", nn.Conv2d(3, 4, 3))
    text = str(package.analyze(module, (3, 8, 8)))
    is_safe(text)
    assert torch.ones(1).sum() == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conv1", "conv1"),
        ("a::b", "a::b"),
        ("::a", "\\::a"),
        (" ::a", " \\::a"),
        ("a ##[b]", "a ##\\[b]"),
        ("a\n::b", "a\\n::b"),
    ],
)
def test_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_lines_stay_lines() -> None:
    assert visible("a\n::b\n c\x1b") == "a\n\\::b\n c\\x1b"
