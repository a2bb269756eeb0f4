"""The rows of the layer table: folded, sorted, cut; what they sum is what their layers have."""

from __future__ import annotations

import pytest

import rfcalc
from rfcalc.analyses.metrics import BY_NAME, COLUMNS
from rfcalc.analyses.network import Analysis, analyze
from rfcalc.analyses.rows import MOST_ROWS, TableRow, View, outline
from rfcalc.importers import load, shipped


def table(analysis: Analysis, **view: object) -> list[tuple[str, str]]:
    return [(row.name, row.op) for row in outline(analysis, View(**view)).rows]  # type: ignore[arg-type]


def test_blocks_are_folded_to_a_depth() -> None:
    net = load("resnet18")
    folded = dict(table(analyze(net), depth=1))
    assert folded["layer1"] == "2x basic"
    assert folded["layer2"] == "2x basic, first differs"
    assert list(folded) == ["conv1", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool", "fc"]


@pytest.mark.parametrize("name", [name for name, _ in shipped()])
def test_every_network_fits_and_its_rows_add_up(name: str) -> None:
    analysis = analyze(load(name))
    usual = outline(analysis, View())
    assert len(usual.rows) <= MOST_ROWS
    for view in (View(), View(full=True), *(View(depth=depth) for depth in (1, 2, 3))):
        rows = outline(analysis, view).rows
        assert [layer for row in rows for layer in row.layers] == list(analysis.layers)
        for metric in COLUMNS:
            total = metric.over(row.amount(metric)[0] for row in rows)
            assert total == metric.of_layers(analysis.every), metric.name


def test_memory_of_a_row_is_the_most_of_its_layers() -> None:
    analysis = analyze(load("resnet50"))
    rows = outline(analysis, View(depth=1)).rows
    peak = max(rows, key=lambda row: row.amount(BY_NAME["memory"]))
    assert peak.name == "layer1"
    assert peak.amount(BY_NAME["memory"]) == (analysis.peak.bytes, False, False)


def test_the_largest_come_first() -> None:
    analysis = analyze(load("resnet50"))
    macs = BY_NAME["macs"]
    single = outline(analysis, View(sort=macs, top=3))
    assert [row.layers[0].macs for row in single.rows] == sorted((layer.macs for layer in analysis), reverse=True)[:3]
    assert single.hidden == len(analysis.layers) - 3
    folded = outline(analysis, View(sort=macs, depth=1))
    assert [row.name for row in folded.rows][:2] == ["layer3", "layer2"]
    assert View(sort=macs, top=2).ranked(analysis.layers) == [row.layers[0] for row in single.rows][:2]


def test_what_a_row_reads_is_outside_it() -> None:
    rows = {row.name: row for row in outline(analyze(load("unet")), View(depth=1)).rows}
    assert rows["up1"].inputs == ["up2.conv2_relu", "down1.conv2_relu"]


def test_what_cannot_be_folded_stays() -> None:
    lines = (f"  - {{name: c{i}, conv: {{out: {i % 7 + 1}, k: 3}}}}" for i in range(90))
    flat = rfcalc.analyze("input: 3x32x32\nlayers:\n" + "\n".join(lines))
    found = outline(flat, View())
    assert (found.depth, len(found.rows)) == (None, 90)


def test_a_summary_has_no_rows() -> None:
    assert outline(analyze(load("espcn")), View(summary=True)).rows == ()
    assert View(summary=True).ranked(analyze(load("espcn")).layers) == []


def test_rows_know_their_last_layer() -> None:
    row: TableRow = outline(analyze(load("espcn")), View()).rows[0]
    assert row.last.name == "conv1_tanh"
