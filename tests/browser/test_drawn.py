"""What is drawn over the picture lies where it is, at its size; bars are as long as their figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rfcalc.analyses.erf import effective_field
from rfcalc.importers import load
from tests.browser.conftest import Open

Report = Callable[..., Path]
# What a box under the picture draws, in pixels of the canvas: its ends across and down, and the rows of it near `column`.
DRAWN = """([label, column]) => {
    const canvas = document.querySelector(".stage canvas");
    const shot = () => {
        const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        [pen.canvas.width, pen.canvas.height] = [canvas.width, canvas.height];
        pen.drawImage(canvas, 0, 0);
        return pen.getImageData(0, 0, canvas.width, canvas.height).data;
    };
    const on = shot();
    [...document.querySelectorAll(".options label")].find(each => each.textContent === label).click();
    const off = shot(), xs = new Set(), ys = new Set(), near = new Set();
    for (let k = 0; k < on.length; k += 4) {
        if (on[k] === off[k] && on[k + 1] === off[k + 1] && on[k + 2] === off[k + 2]) continue;
        const [x, y] = [(k / 4) % canvas.width, Math.floor(k / 4 / canvas.width)];
        xs.add(x);
        ys.add(y);
        if (Math.abs(x / canvas.width - column) < 0.02) near.add(y);
    }
    const ends = all => [Math.min(...all), Math.max(...all) + 1];
    return { size: [canvas.height, canvas.width], across: ends(xs), down: ends(ys), near: [...near] };
}"""
IMAGE, MARGIN = 64, 0.09  # pixels of the input; of the canvas around the picture, as web/src/stage.ts has it
SKEWED = """
input: 1x64x64
layers:
  - {name: wide, conv: {out: 1, k: 13, p: [[12, 0], [6, 6]]}}
  - {name: narrow, conv: {out: 1, k: 3}, from: input}
  - {name: sum, add: {}, from: [wide, narrow]}
"""


BARS = "bars => bars.map(bar => [bar.closest('.row').querySelector('.name').title, bar.getBoundingClientRect().width])"


def scale(found: Any) -> float:
    """Pixels of the canvas to a pixel of the input, of a square picture that fills it."""
    return float(found["size"][1] * (1 - 2 * MARGIN) / IMAGE)


def test_the_ring_lies_around_the_mean_of_the_energy(opened: Open, report: Report, tmp_path: Path) -> None:
    spec = tmp_path / "skewed.yaml"
    spec.write_text(SKEWED)
    graph = load(str(spec), {}, 100_000)
    means = []
    for marginal in effective_field(graph, graph.outputs[0], 0).marginals:
        assert marginal
        means.append(sum((marginal.start + k) * share for k, share in enumerate(marginal.shares)))
    found = opened(report(str(spec))).evaluate(DRAWN, ["4σ", 0.5])
    middles = [sum(found[axis]) / 2 for axis in ("down", "across")]
    places = [(middle - MARGIN * found["size"][1]) / scale(found) - 0.5 for middle in middles]
    assert places == pytest.approx(means, abs=0.4)


def test_objects_are_drawn_to_scale_around_the_unit(opened: Open, report: Report, tmp_path: Path) -> None:
    spec, boxes = tmp_path / "net.yaml", tmp_path / "boxes.csv"
    spec.write_text("input: 3x64x64\nobject_size: 8\nlayers: [{conv: {out: 8, k: 3}}]\n")
    boxes.write_text("width,height\n" + "".join(f"{side},5\n" for side in (16, 16, 16, 24, 36, 48)))
    page = opened(report(str(spec), "--dataset", str(boxes)))
    found = page.evaluate(DRAWN, ["Objects", 0.5])
    centre = (MARGIN * found["size"][1]) + (IMAGE // 2 + 0.5) * scale(found)
    below = {y for y in found["near"] if y > centre}
    for side in (8, 20, 42, 48):  # the spec's, and median, p90 and largest of the data set
        edge = centre + side / 2 * scale(found)
        assert any(abs(y + 0.5 - edge) < 2 for y in below), f"no edge of {side} pixels"
        below -= {y for y in below if abs(y + 0.5 - edge) < 4}
    assert not below, "something else is drawn"


def test_bars_are_as_long_as_times(opened: Open, report: Report, tmp_path: Path) -> None:
    times = {"conv1": 4.0, "layer1.0.conv1": 1.0, "layer4.1.conv2": 2.0}
    rows = [{"name": name, "layers": [name, f"{name}_bn"], "ms": ms} for name, ms in times.items()]
    rows[0]["layers"] += ["conv1_relu"]
    path = tmp_path / "times.json"
    profile = {"network": "resnet18", "runs": "built", "device": "cpu", "batch": 1, "dtype": "fp32", "latency_ms": 7.5}
    path.write_text(json.dumps({**profile, "layers": rows}))
    page = opened(report("resnet18", "--time", str(path)))
    folded = page.locator(".rows .row:has(.name[title=conv1]) .time")
    assert folded.text_content() == "4\u202fms", "the time of layers that are timed together is that of their block"
    page.fill("input[type=search]", "conv")
    page.locator(".head .time button").click()
    bars = page.locator(".rows .row .figure.time .bar")
    drawn = dict(bars.evaluate_all(BARS))
    assert list(drawn) == sorted(times, key=lambda name: -times[name])
    longest = drawn["conv1"]
    assert drawn == {name: pytest.approx(longest * ms / times["conv1"], abs=0.5) for name, ms in times.items()}
    assert longest > 40
    assert page.locator(".cards", has_text="7.5 ms").count() == 1
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.locator(".head .time button").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator(".grid").evaluate("grid => grid.scrollWidth - grid.clientWidth") <= 0
