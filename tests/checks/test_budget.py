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
    "memory": 2 * 4 * 4 * 256,  # float32: what the norm reads and writes
    "saved_for_backward": 2 * 4 * 4 * 256 + 2 * 4 * 4 + 8 * 4 * 64,  # both; the norm's statistics; the pool's indices, int64
    "receptive_field": 4,
    "stride": 2,
    "downsampling": 2,
}
OF_CONV = {
    "params": 72,
    "buffers": 9,
    "macs": 72 * 256,
    "flops": 2 * 72 * 256,
    "receptive_field": 3,
    "stride": 1,
    "downsampling": 1,
}


def checked(tmp_path: Path, budget: str, *words: str) -> tuple[int, list[str], str]:
    path = tmp_path / "net.yaml"
    path.write_text(NET + budget)
    run = rfcalc("check", str(path), *words, "-f", "concise", "--select", "RF5")
    return run.code, [line for line in run.out.splitlines() if "RF501" in line or "E123" in line], run.err


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
        ("budget: {conv: {memory: 1 k}}", (), "memory is no figure of a single layer"),
        ("budget: {conv: {macs_change: 1 %}}", (), "macs_change is no figure of a single layer"),
        ("", ("--max-memory", "conv=1k"), "memory is no figure of a single layer"),
        ("budget: {saved: 1 k}", (), 'no budget "saved"'),
        ("budget: {buffer: 1 k}", (), 'did you mean "buffers"'),
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
