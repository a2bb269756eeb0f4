"""Budgets: each figure of the table can be limited, where it exists, and a mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.analyses.metrics import METRICS
from tests.running import rfcalc

# conv 4*2*3*3 = 72 weights on 16x16 places; a batch norm has 2*4 weights and 2*4 + 1 buffers; pooling halves the map
NET = """\
input: 2x16x16
layers:
  - {name: conv, conv: {out: 4, k: 3, bias: false, norm: bn, act: relu}}
  - {name: pool, maxpool: 2}
"""
FIGURES = {
    "layers": 4,
    "params": 72 + 8,
    "buffers": 9,
    "macs": 72 * 256,
    "flops": 2 * 72 * 256,
    "output_bytes": 4 * (3 * 4 * 256 + 4 * 64),
    "bytes_moved": 4 * ((2 * 256 + 72 + 4 * 256) + (2 * 4 * 256 + 8) + 2 * 4 * 256 + (4 * 256 + 4 * 64)),
    "memory": 2 * 4 * 4 * 256,  # float32: what the norm reads and writes
    "saved_for_backward": 2 * 4 * 4 * 256 + 2 * 4 * 4 + 8 * 4 * 64,  # both; the norm's statistics; the pool's indices, int64
    "training_flops": 2 * 2 * 72 * 256,  # forward, and the gradient of the weights
    "training_memory": 4 * (80 + 9 + 80) + 2 * 4 * 4 * 256 + 2 * 4 * 4 + 8 * 4 * 64,  # by sgd
    "receptive_field": 4,
    "stride": 2,
    "downsampling": 2,
}
OF_CONV = {
    "params": 72,
    "buffers": 9,
    "macs": 72 * 256,
    "flops": 2 * 72 * 256,
    "output_bytes": 4 * 4 * 256,
    "bytes_moved": 4 * (2 * 4 * 256 + 8),  # of the norm
    "receptive_field": 3,
    "stride": 1,
    "downsampling": 1,
}


def checked(tmp_path: Path, budget: str, *words: str) -> tuple[int, list[str], str]:
    path = tmp_path / "net.yaml"
    path.write_text(NET + budget)
    run = rfcalc("check", str(path), *words, "-f", "concise", "--select", "RF5")
    return run.code, [line for line in run.out.splitlines() if "RF501" in line or "E123" in line], run.err


def spec(folder: Path, budget: str, name: str = "net.yaml") -> str:
    """A spec of two convolutions with a budget, in the working folder."""
    (folder / name).write_text(NET + budget)
    return name


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def places(*words: str) -> list[tuple[str, int, int]]:
    found = rfcalc("check", *words, "--select", "RF5", "-f", "json").data["findings"]
    return [(f["file"], f["line"], f["column"]) for f in found]


def test_each_finding_stands_on_its_own_line(here: Path) -> None:
    spec(here, "budget:\n  params: <= 1\n  macs: <= 2 k\n  conv: {macs: <= 3, params: 4}\n")
    assert places("net.yaml") == [("net.yaml", 6, 11), ("net.yaml", 7, 9), ("net.yaml", 8, 16), ("net.yaml", 8, 30)]


def test_a_budget_of_the_settings_stands_there(here: Path) -> None:
    spec(here, "")
    text = '[project]\nname = "x"\n\n[tool.rfcalc.budget]\nmacs = "<= 1"\nconv = {params = 5}\n'
    (here / "pyproject.toml").write_text(text + '[tool.rfcalc.per-path."n*"]\nbudget.buffers = "== 3"\n')
    assert places("net.yaml") == [("pyproject.toml", 5, 8), ("pyproject.toml", 6, 18), ("pyproject.toml", 8, 18)]
    assert "pyproject.toml:5:8: error RF501: net.yaml: MACs" in rfcalc("check", "net.yaml").out
    (here / "below").mkdir()
    (here / "rfcalc.toml").write_text('budget = {stride = ">= 9"}\n')
    assert places("net.yaml") == [("rfcalc.toml", 1, 20)]


def test_the_spec_is_named_where_the_line_stands_in_another_file(here: Path) -> None:
    spec(here, "budget: {params: <= 1}\n")
    for name in ("one.yaml", "two.yaml"):
        (here / name).write_text("extends: net.yaml\n")
    run = rfcalc("check", "one.yaml", "two.yaml", "net.yaml", "--select", "RF5", "-f", "json")
    assert [(f["file"], f["line"], f["spec"]) for f in run.data["findings"]] == [
        ("net.yaml", 5, "one.yaml"),
        ("net.yaml", 5, "two.yaml"),
        ("net.yaml", 5, "net.yaml"),
    ]
    run = rfcalc("check", "one.yaml", "two.yaml", "net.yaml", "--select", "RF5", "-f", "concise")
    assert ["one.yaml: parameters" in line for line in run.out.splitlines()[:3]] == [True, False, False]
    assert ["two.yaml: parameters" in line for line in run.out.splitlines()[:3]] == [False, True, False]
    assert "in 3 of 3 networks" in run.out


def test_what_two_networks_say_of_one_limit_on_layers_stays_apart(here: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        spec(here, "", name)
    (here / "rfcalc.toml").write_text('budget = {"conv*" = {params = 5}}\n')
    found = rfcalc("check", "a.yaml", "b.yaml", "--select", "RF5", "-f", "json").data["findings"]
    assert [f["spec"] for f in found] == ["a.yaml", "b.yaml"]


def test_every_command_refuses_a_broken_budget_with_all_that_is_wrong(here: Path) -> None:
    budget = "budget:\n  param: 3\n  receptive_field: 400\n  cnv: {macs: 3}\n  conv: {layers: 3, mac: 4}\n  macs: [1]\n"
    spec(here, budget)
    for command in ("analyze", "sizes", "paths", "show", "explain-cost"):
        run = rfcalc(command, "net.yaml")
        assert (run.code, run.out) == (2, ""), command
        lines = [line.split(":")[1:3] for line in run.err.splitlines() if "E123" in line]
        assert lines == [["6", "3"], ["7", "20"], ["9", "10"], ["9", "21"], ["10", "9"]], command
        assert 'did you mean "params"?' in run.err
        assert 'did you mean "macs"?' in run.err
    assert places("net.yaml") == [("net.yaml", int(line), int(column)) for line, column in lines]


def test_a_number_without_a_sign_is_the_most_of_a_cost_and_no_limit_on_anything_else(here: Path) -> None:
    for metric in METRICS:
        spec(here, f"budget: {{{metric.name}: {FIGURES[metric.name] + 1}}}\n")
        run = rfcalc("check", "net.yaml", "--select", "RF5")
        if metric.unit.is_cost:
            assert run.code == 0
            spec(here, f"budget: {{{metric.name}: {FIGURES[metric.name] - 1}}}\n")
            assert "at most" in rfcalc("check", "net.yaml", "--select", "RF5").out
        else:
            assert run.code == 2
            assert f'">= {FIGURES[metric.name] + 1}" is at least, "<= {FIGURES[metric.name] + 1}" at most' in run.out


def test_a_glob_that_matches_no_layer_is_a_mistake(here: Path) -> None:
    spec(here, "budget: {pol: {macs: 3}, 'conv*': {macs: 3 G}}\n")
    run = rfcalc("analyze", "net.yaml")
    assert run.code == 2
    assert 'net.yaml:5:10: error E123: budget: no layer matches "pol"' in run.err
    assert 'did you mean "pool"?' in run.err
    (here / "net.yaml").write_text(
        "input: 2x16x16\nparams: {aux: true}\nlayers: [{name: a, relu: {}}, {name: b, relu: {}, when: aux}]\n"
        "budget: {b: {macs: 3}}\n"
    )
    assert rfcalc("analyze", "net.yaml", "-s", "aux=false").code == 0


def test_every_figure_has_a_row_here() -> None:
    assert FIGURES.keys() == {metric.name for metric in METRICS}
    assert OF_CONV.keys() == {metric.name for metric in METRICS if not metric.whole}


@pytest.mark.parametrize("name", FIGURES)
def test_a_budget_of_the_network(name: str, tmp_path: Path) -> None:
    assert checked(tmp_path, f"budget: {{{name}: == {FIGURES[name]}}}\n") == (0, [], "")
    code, lines, _ = checked(tmp_path, f'budget: {{{name}: "> {FIGURES[name]}"}}\n')
    assert (code, len(lines)) == (1, 1)


@pytest.mark.parametrize("name", OF_CONV)
def test_a_budget_of_layers(name: str, tmp_path: Path) -> None:
    wanted = f'conv: {{{name}: "< {OF_CONV[name]}"}}'
    code, lines, _ = checked(tmp_path, f"budget: {{{wanted}}}\n")
    assert code == 1
    assert '"conv' in lines[0]
    assert checked(tmp_path, f"budget: {{{wanted.replace('<', '<=')}}}\n")[0] == 0


@pytest.mark.parametrize("metric", [metric for metric in METRICS if metric.option], ids=lambda metric: metric.option)
def test_the_options(metric, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for sign in metric.better.value:
        word, beyond = ("--max-", -1) if sign == "<=" else ("--min-", 1)
        option = word + metric.option
        assert checked(tmp_path, "", option, str(FIGURES[metric.name]))[:2] == (0, [])
        assert checked(tmp_path, "", option, str(FIGURES[metric.name] + beyond))[0] == 1
        if not metric.whole:
            assert checked(tmp_path, "", option, f"conv={OF_CONV[metric.name] + beyond}")[0] == 1


@pytest.mark.parametrize(
    ("budget", "words", "says"),
    [
        ("budget: {conv: {saved_for_backward: 1 k}}", (), "saved_for_backward is no figure of a single layer"),
        ("budget: {conv: {macs_change: 1 %}}", (), "macs_change is no figure of a single layer"),
        ("", ("--max-saved", "conv=1k"), "saved_for_backward is no figure of a single layer"),
        ("budget: {saved: 1 k}", (), 'no budget "saved"'),
        ("", ("--min-rf", "x"), "a sign, a number and a unit"),
        ("budget: {buffers: 1 %}", (), "buffers takes no percentage"),
        ("budget: {buffers_change: 1}", (), "buffers_change takes a percentage"),
        ("budget: {macs: true}", (), "a sign, a number and a unit"),
        ("budget: 3", (), "a mapping of figures to limits"),
    ],
)
def test_mistakes(budget: str, words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    code, found, err = checked(tmp_path, budget, *words)
    assert code == 2
    assert says in " ".join([*found, *err.replace("│", "").split()])


@pytest.mark.parametrize("value", ["1e999", "'<= 1e400 G'", "'>= " + "9" * 400 + "'"])
def test_a_limit_that_no_figure_can_reach_is_a_mistake(here: Path, value: str) -> None:
    spec(here, f"budget: {{params: {value}}}\n")
    run = rfcalc("check", "net.yaml")
    assert run.code == 2
    assert "net.yaml:5:18: error E123: budget" in run.out
    spec(here, "")
    run = rfcalc("check", "net.yaml", "--max-training", "1e999")
    assert run.code == 2
    assert "no figure is as large as <= 1e999" in " ".join(run.err.split())
