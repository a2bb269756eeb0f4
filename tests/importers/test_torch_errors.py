"""What cannot be imported: an error with its place in the user's file, or a layer that is marked as a bound."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rfcalc.analyses.network import analyze
from rfcalc.errors import Problem, SpecError
from rfcalc.graph import Graph
from rfcalc.importers import load
from rfcalc.importers.programs.program import UnfollowedError
from rfcalc.importers.torch.call import Call, handles
from rfcalc.reports.parts.contract import layers_data, totals_data
from tests.cli.run import Result, run
from tests.importers.torch_models import FOLDER

FILE = FOLDER / "refused.py"
LINES = FILE.read_text().splitlines()
IMAGE = "3x12x10"


@pytest.fixture
def rfcalc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command line."""
    return lambda *words: run(capsys, monkeypatch, *words)


def refused(name: str, shape: str = IMAGE, **more: object) -> Problem:
    """The one problem of an import."""
    with pytest.raises(SpecError) as caught:
        load(f"{FILE}:{name}", {"input": shape} if shape else {}, **more)  # type: ignore[arg-type]
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


def bounded(name: str, shape: str = IMAGE) -> Graph:
    """The graph with bounds in place of what is not known."""
    return load(f"{FILE}:{name}", {"input": shape}, unknown="bound")


UNKNOWN = {
    "Cumulative": ("the model (Cumulative), aten.cumsum.default", "x.cumsum(-1)"),
    "Sampled": ("the model (Sampled), aten.grid_sampler.default", "F.grid_sample"),
    "Recurrent": ("lstm (LSTM), aten.lstm.input", "self.lstm("),
    "Dynamic": ("the model (Dynamic), aten.conv2d.default: its weight depends on the input", "F.conv2d"),
    "Blur": ("the model (Blur), refused.blur.default", "refused.blur("),
    "Nested": ("body.0 (Inner), aten.sort.default", "x.sort(1)"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_step_names_operator_module_and_line(name: str) -> None:
    problem = refused(name, "3x20" if name == "Recurrent" else IMAGE)
    message, code = UNKNOWN[name]
    assert message in problem.message
    assert problem.code == "E410"
    assert problem.span is not None
    assert problem.span.source == str(FILE)
    assert code in LINES[problem.span.line - 1]
    assert "--unknown bound" in problem.hint
    assert "--declare" in problem.hint


# model: (input, what it is called, its line, its own MACs; None where they are not counted)
NAMED = {
    "Sampled": (IMAGE, "grid_sample reads anywhere in its input", "F.grid_sample", 0),
    "Recurrent": ("3x20", "an LSTM carries a state from step to step", "self.lstm(", 18 * 4 * 6 * (4 + 6)),
    "Gated": ("4x7", "a GRU carries a state from step to step", "self.gru(", 7 * 3 * 6 * ((4 + 6) + (6 + 6))),
    "Deformed": (IMAGE, "a deformable convolution reads anywhere in its input", "deform_conv2d(", 12 * 10 * 4 * 27),
    "Ranked": (IMAGE, "topk picks numbers by their order, anywhere in its input", "x.topk", None),
    "Spectral": (IMAGE, "an FFT reads the whole signal for each frequency", "torch.fft", None),
}


@pytest.mark.parametrize("name", NAMED)
def test_what_has_no_field_is_called_by_its_name(name: str) -> None:
    shape, words, code, macs = NAMED[name]
    problem = refused(name, shape)
    assert problem.message.endswith(words)
    assert problem.span is not None
    assert code in LINES[problem.span.line - 1]
    assert "--unknown bound" in problem.hint
    layer = next(layer for layer in analyze(bounded(name, shape)).layers if words in layer.node.op.bound)
    assert layer.field.whole_input
    assert layer.macs == (macs or 0)
    assert ("MACs are not counted" in layers_data([layer])[0].get("uncounted", "")) == (macs is None)


def test_bounds_read_everything_and_count_what_is_known() -> None:
    """A bound keeps the parameters, and the MACs of products whose shapes tell them."""
    graph = bounded("Dynamic")
    totals = totals_data(analyze(graph))
    assert totals["params"] == 3 * 108 + 108
    assert totals["macs"] == 3 * 108 + 12 * 10 * 4 * 27
    assert "uncounted_layers" not in totals
    assert analyze(graph).layers[-1].field.whole_input
    assert analyze(graph).layers[-1].bounded

    lstm = analyze(bounded("Recurrent", "3x20"))
    assert lstm.params == (3 * 4 * 3 + 4) + 4 * 6 * (4 + 6 + 2) + (6 * 5 + 5)
    assert lstm.macs == 18 * 4 * 9 + 18 * 4 * 6 * (4 + 6) + 18 * 6 * 5

    gru = analyze(bounded("Gated", "4x7"))
    assert gru.macs == 7 * 3 * 6 * ((4 + 6) + (6 + 6))
    assert gru.params == 3 * 6 * ((4 + 6 + 2) + (6 + 6 + 2))


def test_a_bound_is_marked_wherever_it_is_shown(rfcalc: Callable[..., Result]) -> None:
    analysis = analyze(bounded("Blur"))
    assert analysis.params == 5 + 3 * 3 * 9 + 3
    blur, conv = layers_data(analysis.layers)
    assert "is not followed: taken as reading its whole input" in blur["bound"]
    assert "MACs are not counted" in blur["uncounted"]
    assert blur["receptive_field"]["upper_bound"] is True
    assert conv["receptive_field"]["upper_bound"] is True
    assert "bound" not in conv
    assert totals_data(analysis)["uncounted_layers"] == [blur["name"]]
    done = rfcalc("analyze", f"{FILE}:Blur", "--input", IMAGE, "--unknown", "bound")
    rows = [line for line in done.out.splitlines() if line.startswith((blur["name"], conv["name"]))]
    assert all("<=all" in row for row in rows)
    assert len(rows) == 2
    assert "refused.blur.default in the model is not followed" in " ".join(done.out.split())


def test_a_failed_step_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers and parameters that a step had claimed before it failed are counted once."""
    known = handles.find("conv2d")
    assert known is not None

    def failing(call: Call) -> None:
        known.follow(call)  # type: ignore[misc]
        raise UnfollowedError("fails after its layer was added")

    monkeypatch.setitem(handles.known, "conv2d", replace(known, follow=failing))
    graph = bounded("Blur")
    assert [node.op.word for node in graph.layers] == ["unknown", "unknown"]
    assert analyze(graph).params == 5 + 3 * 3 * 9 + 3


def test_some_columns_of_an_attention_matrix_are_a_bound() -> None:
    """What each key reads is not told apart: the field of some of them is that of all, and says so."""
    contracted, taken = analyze(load(f"{FILE}:Columns", {"input": "3x4x4"})).layers
    assert (contracted.bounded, taken.bounded) == (False, True)


DEPENDENT = {"Branch": "if x.sum() > 0", "Item": "x.max().item()", "Selected": "x[x > 0]"}


@pytest.mark.parametrize("name", DEPENDENT)
@pytest.mark.parametrize("unknown", ["error", "bound"])
def test_what_depends_on_values_is_an_error_either_way(name: str, unknown: str) -> None:
    problem = refused(name, unknown=unknown)
    assert "depend" in problem.message
    assert problem.span is not None
    assert DEPENDENT[name] in LINES[problem.span.line - 1]
    assert "name a part of it" in problem.hint


MESSAGES = {
    "Nope": "has no Nope",
    "Brocken": "has no Brocken",
    "number": "gives a int, not an nn.Module",
    "leaves": "could not be made: SystemExit: 3",
    "Broken": "could not be made: ValueError: no such width",
    "WrongSize": "to have 8 channels, but got 3",
    "Lazy": "the shape of 1 (LazyConv2d) is not known before it has run",
    "Deaf": "no output depends on the input",
    "Needs": "needs width, depth",
}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name: str) -> None:
    assert MESSAGES[name] in refused(name).message


def test_hints() -> None:
    assert refused("Brocken").hint == 'did you mean "Broken"?'
    assert refused("Needs").hint == "--arg width=... --arg depth=..."
    assert refused("Needs", arguments={"widht": "3"}).hint == 'did you mean "width"?'
    assert refused("MODULE", arguments={"width": "3"}).message.endswith("it takes no arguments")
    assert refused("Branch", "").hint == "--input 3x224x224"
    assert "is no shape of an input" in refused("Branch", "3x0x4").message
    assert "has no input y" in refused("Branch", "y=3x4x4").message
    assert refused("Broken").span == refused("Broken").span is not None


def test_a_file_without_a_callable_lists_them(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("class Block: pass\n\ndef _part(): pass\n\nclass Net: pass\n\nraise RuntimeError\n")
    with pytest.raises(SpecError) as caught:
        load(f"{tmp_path}/net.py")
    assert caught.value.problems[0].hint == f"which callable? {tmp_path}/net.py:Net, or one of Block"


def test_arguments_reach_the_callable() -> None:
    graph = load(f"{FILE}:Needs", {"input": IMAGE}, arguments={"width": "6", "depth": "3", "groups": "3"})
    assert graph.nodes[-1].shape.channels == 6
    assert analyze(graph).params == 6 * 9 + 6
    assert analyze(load(f"{FILE}:MODULE", {"input": IMAGE})).params == 3 * 4 * 9 + 4


def test_errors_of_the_users_code_show_its_line(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import torch\n\nimport no_such_package\n")
    (tmp_path / "worse.py").write_text("def net(:\n    pass\n")
    for name, line, text in (("bad", 3, "No module named 'no_such_package'"), ("worse", 1, "SyntaxError")):
        with pytest.raises(SpecError) as caught:
            load(f"{tmp_path / name}.py:net", {"input": IMAGE})
        problem = caught.value.problems[0]
        assert text in problem.message
        assert problem.span is not None
        assert (problem.span.source, problem.span.line) == (str(tmp_path / f"{name}.py"), line)


def test_commands_end_with_code_2_and_no_traceback(rfcalc: Callable[..., Result]) -> None:
    for words in (
        ("analyze",),
        ("check", "--trust"),
        ("show",),
        ("verify",),
        ("export", "--to", "torch"),
        ("time", "--device", "cpu"),
    ):
        done = rfcalc(words[0], f"{FILE}:Cumulative", *words[1:], "--input", IMAGE)
        assert done.code == 2
        assert "E410" in (done.out if words[0] == "check" else done.err)  # to check it is a finding as others are
        assert "Traceback" not in done.err
    done = rfcalc("analyze", "no_such_package.models:net", "--input", IMAGE)
    assert (done.code, "there is no Python module no_such_package" in done.err) == (2, True)


def test_options_that_a_spec_has_no_use_for_are_refused(rfcalc: Callable[..., Result]) -> None:
    for words in (("--unknown", "bound"), ("--declare", "Op=pointwise"), ("--arg", "width=3")):
        done = rfcalc("analyze", "espcn", *words)
        assert done.code == 2
        assert f"{words[0]} is for programs" in " ".join(done.err.replace("│", " ").split())
    done = rfcalc("analyze", f"{FILE}:Needs", "--unknown", "bnd", "--input", IMAGE)
    assert 'did you mean "bound"' in " ".join(done.err.replace("│", " ").split())


def test_without_torch_one_line_says_what_to_install(tmp_path: Path) -> None:
    code = """
import importlib.util, sys
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "torch" else real(name, *rest)
sys.argv = ["rfcalc", "analyze", "models:net"]
from rfcalc.cli import main
from rfcalc.reports.parts.contract import layers_data, totals_data
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[:2] == ["error E400: torch models need torch", "  hint: pip install torch"]
