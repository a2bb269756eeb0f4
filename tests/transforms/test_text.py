"""Transformed designs as specs: the same figures when read again, and the comments of the original."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from rfcalc.analyses.network import analyze
from rfcalc.cli import main
from rfcalc.importers import load
from rfcalc.language.load import load_spec
from rfcalc.report.units import growth, short
from rfcalc.transforms import TRANSFORMS, apply
from rfcalc.transforms.text import comment, spec_of
from tests.transforms.networks import shipped

TEXT = """\
# The head of the file
# in two lines
input: 3x32x32
layers:
  # the first layer
  - {name: a, conv: {out: 8, k: 3, s: 2}}   # halves it
  - {name: b, conv: {out: "8#"}}  # x
  - {name: c, bn: {}}
  # to one number
  - gap   # per channel
""".replace('"8#"', "8, k: 3")

CASES = [
    ("resnet50", "output-stride=8"),
    ("resnet50", "output-stride=16"),
    ("resnet50", "fully-convolutional"),
    ("vgg16", "fully-convolutional"),
    ("mobilenet_v2", "fold-bn"),
    ("resnet18", "separable"),
    ("resnet18", "bottleneck"),
    ("unet", "subpixel"),
    ("unet", "resize-conv"),
    ("espcn", "transposed"),
    ("resnet50", "group-norm"),
]


def test_every_transform_is_tried() -> None:
    assert {asked.split("=")[0] for _, asked in CASES} == set(TRANSFORMS)


@pytest.mark.parametrize(("name", "asked"), CASES)
def test_the_spec_analyses_to_the_same_figures(name: str, asked: str) -> None:
    graph = shipped(name)
    outcome = apply(graph, asked)
    text = spec_of(name, [(asked, outcome)], Path(graph.source).read_text(encoding="utf-8"))
    again, found = analyze(load_spec(text, "net.yaml")), analyze(outcome.graph)
    assert (again.macs, again.params) == (found.macs, found.params)
    assert [layer.field.size for layer in again.layers] == [layer.field.size for layer in found.layers]
    assert [layer.name for layer in again.layers] == [layer.name for layer in found.layers]
    assert outcome.equivalence in text


def test_comments_stay_where_they_were() -> None:
    graph = load_spec(TEXT, "net.yaml")
    text = spec_of("net", [("separable", apply(graph, "separable"))], TEXT)
    lines = text.splitlines()
    assert "# The head of the file" in lines
    assert "# in two lines" in lines
    at = lines.index("  # the first layer")
    assert lines[at + 1].startswith("  - {name: a_dw")
    assert lines[at + 1].endswith("# halves it")
    assert sum("# halves it" in line for line in lines) == 1
    assert lines[-2:] == ["  # to one number", "  - gap   # per channel"]
    assert load_spec(text, "net.yaml").by_name.keys() == {"input", "a_dw", "a", "b_dw", "b", "c", "gap"}


REPEATED = """\
input: 3x32x32
defaults: {conv: {norm: bn, act: relu, bias: false}}
blocks:
  pair:
    params: {c: null}
    layers:
      - {name: one, conv: {out: c, k: 3}}   # the first of two
      - {name: two, conv: {out: c, k: 3}}
layers:
  - {name: stem, conv: {out: 8, k: 3, s: 2}}
  # three times
  - {name: body, repeat: 3, pair: {c: 8}}   # wide
"""


def test_what_repeats_is_written_once() -> None:
    graph = load_spec(REPEATED, "net.yaml")
    lines = spec_of("net", [("output-stride=1", apply(graph, "output-stride=1"))], REPEATED).splitlines()
    (at,) = (i for i, line in enumerate(lines) if "name: body" in line)
    assert "repeat: 3" in lines[at]
    assert lines[at].endswith("# wide")
    assert lines[at - 1] == "  # three times"
    assert any("name: one" in line and line.endswith("# the first of two") for line in lines)


def test_names_that_no_short_text_has_are_kept() -> None:
    """The group norms keep the names of the batch norms that they replace, whatever it costs in lines."""
    outcome = apply(shipped("resnet18"), "group-norm")
    again = load_spec(spec_of("resnet18", [("group-norm", outcome)]), "net.yaml")
    assert [node.name for node in again.nodes] == [node.name for node in shipped("resnet18").nodes]


def test_comment_of_a_line() -> None:
    assert comment('  - {name: "a#b", conv: 3}  # yes: "it" is') == '# yes: "it" is'
    assert comment("  - conv: 3#no") == ""
    assert comment("# whole") == "# whole"
    assert comment("a: 'x # y'") == ""
    assert comment("it's: 3  # apostrophe") == "# apostrophe"


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["rfcalc", "transform", *words])
    code = 0
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    out = capsys.readouterr()
    return code, out.out, out.err


def test_the_command_writes_a_spec(capsys, monkeypatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "net.yaml"
    code, out, _ = run(capsys, monkeypatch, "resnet50.yaml", "--to", "output-stride=8", "-o", str(file))
    assert code == 0
    assert "+366.6 %" in out
    assert analyze(load(str(file))).macs == 19_079_364_608
    code, out, err = run(capsys, monkeypatch, "resnet18", "--to", "fully-convolutional", "--to", "output-stride=8")
    assert code == 0
    assert load_spec(out, "net.yaml").outputs
    assert "fully-convolutional" in err
    data = json.loads(run(capsys, monkeypatch, "unet", "--to", "subpixel", "--format", "json")[1])
    assert data["steps"][0]["equal"] is True
    assert data["before"]["receptive_field"] == data["after"]["receptive_field"] == "204x204"
    assert load_spec(data["spec"], "net.yaml")


def test_only_layers_that_match(capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    words = ["resnet18", "--to", "separable", "--layer", "layer4.*", "--format", "json"]
    data = json.loads(run(capsys, monkeypatch, *words)[1])
    assert all(name.startswith("layer4.") for name in data["steps"][0]["changed"])
    assert len(data["steps"][0]["changed"]) == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["resnet18"], "--to one of"),
        (["resnet18", "--to", "seperable"], 'did you mean "separable"'),
        (["resnet18", "--to", "subpixel"], "no transposed convolution"),
        (["resnet18", "--to", "output-stride=64"], "no layer takes the stride beyond 64"),
        (["resnet18", "--to", "separable", "--layer", "none*"], "no layer matches"),
        (["nothing.yaml", "--to", "separable"], "no file nothing.yaml"),
        (["unet", "--to", "output-stride=4"], "does not pass dilation on"),
    ],
)
def test_mistakes(capsys, monkeypatch, words: list[str], message: str) -> None:  # type: ignore[no-untyped-def]
    code, _, err = run(capsys, monkeypatch, *words)
    assert code == 2
    assert message in " ".join(err.replace("│", " ").split())
    assert "Traceback" not in err


def test_each_step_says_its_macs_before_and_after(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("configs/vgg11.yaml", "--to", "fully-convolutional", "--to", "separable", "--format", "json")
    steps = json.loads(run(capsys, monkeypatch, *words)[1])["steps"]
    graph = shipped("vgg11")
    macs = [sum(node.cost.macs for node in graph.nodes)]
    for step in ("fully-convolutional", "separable"):
        graph = apply(graph, step).graph
        macs.append(sum(node.cost.macs for node in graph.nodes))
    assert [(step["macs_before"], step["macs_after"]) for step in steps] == [(macs[0], macs[1]), (macs[1], macs[2])]
    text = run(capsys, monkeypatch, *words[:-2])[2]
    assert "MACs 7.61 G before and after" in text
    assert f"MACs 7.61 G before, {short(macs[2])} after ({growth(macs[2] / macs[1] - 1)})" in text
