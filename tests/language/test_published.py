"""`published:`: how far off a figure may be, which layers it is of, and when it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.language.load import load_spec
from rfcalc.transforms import apply
from tests.language.spec_text import network
from tests.running import rfcalc

# 80 parameters: 72 of the convolution, 8 of its norm; 18,432 MACs
NET = """input: 2x16x16
params: {w: 4}
layers:
  - {name: conv, conv: {out: w, k: 3, bias: false, norm: bn, act: relu}}
  - {name: pool, maxpool: 2}
published:
"""


def found(tmp_path: Path, figures: str, *words: str, name: str = "net.yaml") -> list[str]:
    """What `check` has to say of the published figures."""
    (tmp_path / name).write_text(NET + f"  {figures}\n")
    run = rfcalc("check", str(tmp_path / name), "-f", "concise", "--select", "RF503", *words)
    assert run.code in (0, 1), run.err
    return [line.partition("RF503: ")[2] for line in run.out.splitlines() if "RF503" in line]


@pytest.mark.parametrize(
    "figure",
    [
        "params: {value: 80, source: arithmetic}",
        "params: {value: 0.1 k, source: rounded}",
        "macs: {value: 18_432, source: arithmetic}",
        "macs: {value: 18.4 k, source: rounded}",
        "macs: {value: 2e4, source: far, tolerance: 10 %}",
        "macs: {value: 20 k, source: far, tolerance: 1.6 k}",
        'macs: [{value: "18,432", source: one}, {value: 18 k, source: another}]',
        "receptive_field: {value: 4 px, source: arithmetic}",
        "conv: {params: {value: 80, source: with its norm}, receptive_field: {value: 3, source: arithmetic}}",
        "conv_bn: {params: {value: 8, source: its norm alone}}",
    ],
)
def test_a_figure_that_is_right(figure: str, tmp_path: Path) -> None:
    assert found(tmp_path, figure) == []


@pytest.mark.parametrize(
    ("figure", "says"),
    [
        ("params: {value: 81, source: a paper}", "parameters: 80, published are 81 (a paper)"),
        ("macs: {value: 18.5 k, source: a paper}", "MACs: 18,432, published are 18.5 k (a paper)"),
        ("macs: {value: 20 k, source: far, tolerance: 5 %}", "MACs: 18,432, published are 20 k (far)"),
        ("conv: {params: {value: 72, source: no norm}}", '"conv": parameters: 80, published are 72 (no norm)'),
        ("macs: [{value: 18 k, source: one}, {value: 19 k, source: another}]", "MACs: 18,432, published are 19 k (another)"),
    ],
)
def test_a_figure_that_differs(figure: str, says: str, tmp_path: Path) -> None:
    assert found(tmp_path, figure) == [says]


def test_it_is_said_of_the_network_as_it_is_written(tmp_path: Path) -> None:
    wrong = "params: {value: 81, source: a paper}"
    assert found(tmp_path, wrong, "-s", "w=8") == []
    (tmp_path / "other.yaml").write_text("extends: net.yaml\n")
    assert rfcalc("check", str(tmp_path / "other.yaml"), "--select", "RF503").code == 0
    graph = load_spec(f"{NET}  {wrong}\n", "net.yaml")
    assert graph.stated("published", ())[0].value == 81
    assert apply(graph, "separable").graph.stated("published", ()) == ()


def test_it_can_be_ignored(tmp_path: Path) -> None:
    wrong = "params: {value: 81, source: a paper}"
    assert found(tmp_path, wrong, "--ignore", "RF503") == []


def test_nothing_is_read_of_a_spec_without_it() -> None:
    assert "published" not in network("- relu").settings
