"""An analysis in Python: its layers, and the forms in which it shows itself."""

from __future__ import annotations

import copy
import json
import pickle
import re
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import rfcalc
from rfcalc.analyses.metrics import METRICS
from tests.cli.run import run

BUDGET = "input: 3x8x8\nlayers: [conv: {out: 4, k: 3}]\nbudget: {macs: <= 1 G}\n"


def test_layers_are_those_that_were_asked_for() -> None:
    analysis = rfcalc.analyze("resnet18", layers="layer4.*")
    names = [layer.name for layer in analysis.every if layer.name.startswith("layer4.")]
    assert [layer.name for layer in analysis] == [layer.name for layer in analysis.layers] == names
    assert (len(analysis), analysis[0].name, analysis[-1].name) == (len(names), names[0], names[-1])
    assert (analysis.params, analysis.flops) == (11_689_512, 2 * analysis.macs)
    assert (analysis["conv1"].op, str(analysis["conv1"].shape)) == ("conv", "64x112x112")
    assert "conv1" in analysis
    assert analysis["conv1"] not in analysis
    assert "conv_1" not in analysis
    assert [len(rfcalc.analyze("resnet18", layers=globs)) for globs in (["conv1", "fc"], (), "conv?")] == [4, 68, 3]


def test_what_is_not_there() -> None:
    analysis = rfcalc.analyze("resnet18")
    for key, hint in (("conv_1", 'did you mean "conv1"'), ("layer1", "layer1.*"), ("layer1.*", 'layers="layer1.*"')):
        with pytest.raises(KeyError) as found:
            analysis[key]
        assert hint in str(found.value)
    with pytest.raises(TypeError, match='such as "conv1"'):
        analysis[1.5]  # type: ignore[index]
    for name, hint in (("receptive_field", "last_spatial.field.size"), ("parms", '"params"'), ("total_macs", "it is macs")):
        with pytest.raises(AttributeError, match=hint):
            getattr(analysis, name)
    with pytest.raises(rfcalc.SpecError, match="E120"):
        rfcalc.analyze("resnet18", layers="lyer*")
    with pytest.raises(rfcalc.SpecError, match="E122"):
        rfcalc.analyze("resnet18", layers="conv1", units=(200, 0))
    with pytest.raises(TypeError, match=r"such as \(7, 7\)"):
        rfcalc.analyze("resnet18", units=7)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="fp32"):
        rfcalc.analyze("resnet18", dtype="float32")
    with pytest.raises(ValueError, match='did you mean "fvcore"'):
        rfcalc.analyze("resnet18", convention="fvcor")


def test_units() -> None:
    for units in ((3, 3), [(3, 3)], ((3, 3), (0, 0))):
        traced = rfcalc.analyze("resnet18", layers="layer4.1.relu", units=units)  # type: ignore[arg-type]
        assert traced[0].units[0].unit == (3, 3)


@pytest.mark.parametrize("options", [{}, {"layers": "layer1.*"}, {"why": True, "erf": True}, {"dtype": "fp16"}])
def test_the_table_and_the_data_are_those_of_the_command(
    options: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    analysis = rfcalc.analyze("resnet18", **options)
    named = {f"--{key.removesuffix('s')}": value for key, value in options.items()}
    words = ["analyze", "resnet18", *(key if value is True else f"{key}={value}" for key, value in named.items())]
    assert str(analysis) == f"{analysis}" == run(capsys, monkeypatch, *words).out.rstrip("\n")
    assert analysis.to_dict() == json.loads(run(capsys, monkeypatch, *words, "--format", "json").out)
    assert json.loads(json.dumps(analysis.to_dict())) == analysis.to_dict()


def test_other_tables(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    analysis = rfcalc.analyze("resnet50")
    options: dict[str, Any] = {"sort": "memory", "top": 3, "columns": ["params", "inputs"], "depth": 1}
    words = ["--sort", "memory", "--top", "3", "--columns", "params,inputs", "--depth", "1"]
    assert analysis.table(**options) == run(capsys, monkeypatch, "analyze", "resnet50", *words).out.rstrip("\n")
    assert analysis.table(full=True).count("\n") > 174
    with pytest.raises(ValueError, match='did you mean "macs"'):
        analysis.table(sort="mac")
    with pytest.raises(ValueError, match='did you mean "params"'):
        analysis.table(columns=["parms"])
    assert "--" not in table_of(analysis)


def table_of(analysis: rfcalc.Analysis) -> str:
    """What a notebook that shows no frames shows."""
    return analysis._repr_html_().partition("<div><p>")[2]


def test_in_a_line() -> None:
    analysis = rfcalc.analyze("espcn")
    assert repr(analysis).count("\n") == 0
    assert len(repr(analysis)) < 200
    assert repr(analysis["conv1"]) == "<Layer conv1: conv, 64x360x640, 1,664 parameters, 368,640,000 MACs, receptive field 5x5>"


class Parsed(HTMLParser):
    """The texts of the cells, and the tags that are open at the end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.cells.append(data)


def test_in_a_notebook() -> None:
    analysis = rfcalc.analyze("resnet18")
    page = Parsed(analysis._repr_html_())
    assert not page.open
    assert {"layer2.0.conv1", "Parameters", "MACs"} <= set(page.cells)
    assert any("11,689,512" in cell for cell in page.cells)
    assert len(table_of(analysis)) < 12_000
    assert len(analysis._repr_html_()) < 110_000
    bundle = analysis._repr_mimebundle_()
    assert bundle == {"text/plain": repr(analysis), "text/html": analysis._repr_html_()}
    assert list(analysis._repr_mimebundle_(include=["text/plain"])) == ["text/plain"]
    assert list(analysis._repr_mimebundle_(exclude=["text/plain"])) == ["text/html"]


def test_a_notebook_frames_the_page(tmp_path: Path) -> None:
    analysis = rfcalc.analyze("resnet18")
    pattern = r'<iframe title="resnet18" sandbox="([^"]*)" style="[^"]*" srcdoc="([^"]*)">.*</iframe>'
    frame = re.fullmatch(pattern, analysis._repr_html_(), re.DOTALL)
    assert frame is not None
    assert "same-origin" not in frame[1], "its script stays apart from the notebook"
    path = tmp_path / "page.html"
    assert unescape(frame[2]) == analysis.report(path) == analysis.report() == path.read_text(encoding="utf-8")
    assert "<iframe" not in rfcalc.analyze("resnet18", layers="layer1.*")._repr_html_()


def test_names_are_escaped() -> None:
    text = rfcalc.analyze({"name": "<script>", "input": "3x8x8", "layers": [{"conv": {"out": 4, "k": 3}}]})._repr_html_()
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_copies() -> None:
    analysis = rfcalc.analyze(BUDGET)
    for other in (copy.copy(analysis), copy.deepcopy(analysis), pickle.loads(pickle.dumps(analysis))):
        assert repr(other) == repr(analysis)
        assert other.graph.stated("budget", ())[0].metric is analysis.graph.stated("budget", ())[0].metric


def test_a_frame() -> None:
    pytest.importorskip("pandas")
    analysis = rfcalc.analyze("resnet18")
    frame = analysis.to_frame()
    assert (frame.index.name, len(frame)) == ("name", len(analysis))
    assert {metric.stored for metric in METRICS if not metric.whole} <= set(frame.columns)
    assert frame.macs.sum() == analysis.macs
    assert frame.loc["layer4.1.relu", "receptive_field"] == 435
    assert frame.receptive_field.isna()["fc"]
    assert (frame.loc["conv1", "op"], frame.loc["conv1", "size"], frame.loc["conv1", "channels"]) == ("conv", "112x112", 64)


def test_a_frame_without_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(rfcalc.SpecError, match="pip install pandas"):
        rfcalc.analyze("espcn").to_frame()
