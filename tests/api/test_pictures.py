"""What a unit sees, drawn: the cells are the pixels that the analysis names."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import rfcalc
from rfcalc.analyses.erf import effective_field


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    import matplotlib
    from matplotlib import pyplot

    matplotlib.use("Agg")
    yield
    pyplot.close("all")


def cells(axes: Any) -> Any:
    return axes.images[0].get_array()


def test_a_field() -> None:
    analysis = rfcalc.analyze("resnet18")
    axes = analysis.plot_field("layer1.0.conv1", (0, 28))
    drawn = cells(axes)
    [unit] = rfcalc.analyze("resnet18", layers="layer1.0.conv1", units=(0, 28))[0].units
    (top, bottom), (left, right) = unit.clipped or ()
    assert drawn.shape == (224, 224)
    assert drawn.sum() == unit.pixels == drawn[top : bottom + 1, left : right + 1].sum()
    assert axes.get_title() == f"layer1.0.conv1, unit (0, 28): reads {unit.pixels:,} pixels"
    frame = axes.lines[1].get_ydata()
    assert (min(frame), max(frame)) == (unit.unclipped[0][0] - 0.5, unit.unclipped[0][1] + 0.5) if unit.unclipped else ()


def test_what_is_left_out_is_the_middle_of_the_last_map() -> None:
    analysis = rfcalc.analyze("resnet18")
    assert analysis.plot_field().get_title().startswith("layer4.1.relu, unit (3, 3): ")
    assert analysis.plot_field("fc").get_title() == "fc: reads 50,176 pixels"


def test_an_effective_field() -> None:
    analysis = rfcalc.analyze("espcn")
    axes = analysis.plot_erf("conv2", at=(5, 5))
    drawn = cells(axes)
    assert drawn.shape == analysis["conv2"].field.size
    graph = analysis.graph
    lines = effective_field(graph, graph.by_name["conv2"], graph.inputs[0]).marginals
    shares = np.outer(*(line.shares for line in lines if line))
    assert np.allclose(drawn, np.sqrt(shares / shares.max()))
    assert drawn[3, 3] == drawn.max() == 1


def test_on_axes_that_are_there() -> None:
    from matplotlib import pyplot

    _, given = pyplot.subplots()
    assert rfcalc.analyze("espcn").plot_field(ax=given) is given


@pytest.mark.parametrize(
    "text", ["input: 2x40\nlayers: [conv: {out: 4, k: 3}]\n", "input: 1x9x9x9\nlayers: [conv: {out: 4, k: 3}]\n"]
)
def test_other_axes(text: str) -> None:
    analysis = rfcalc.analyze(text)
    assert cells(analysis.plot_field()).sum() == (3 if analysis.input.rank == 1 else 9)
    assert np.allclose(cells(analysis.plot_erf()), 1)


def test_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    analysis = rfcalc.analyze("resnet18")
    with pytest.raises(KeyError, match="conv1"):
        analysis.plot_field("conv_1")
    with pytest.raises(rfcalc.SpecError, match=r"E122.*\n.*\(0, 0\) to \(6, 6\)"):
        analysis.plot_field(at=(99, 99))
    with pytest.raises(rfcalc.SpecError, match="E202"):
        analysis.plot_erf("fc")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(rfcalc.SpecError, match="pip install matplotlib"):
        analysis.plot_field()
