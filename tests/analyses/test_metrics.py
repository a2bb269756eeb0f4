"""Each figure of the table stands wherever figures stand."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from rfcalc.analyses.metrics import METRICS, Metric, Shown
from rfcalc.checks.pages import page
from rfcalc.language.schema import json_schema
from tests.running import rfcalc

TOTALS = [metric for metric in METRICS if not metric.axes]
OF_LAYERS = [metric for metric in METRICS if metric.each]
NETWORK = "resnet18"


def named(metric: Metric) -> str:
    return metric.name


def test_names_are_unique() -> None:
    for words in (
        [metric.name for metric in METRICS],
        [metric.stored for metric in METRICS],
        [metric.title for metric in METRICS],
        [metric.option for metric in METRICS if metric.option],
    ):
        assert len(set(words)) == len(words)


@pytest.mark.parametrize("metric", METRICS, ids=named)
def test_one_way_to_compute_it(metric: Metric) -> None:
    ways = tuple(given is not None for given in (metric.each, metric.axes, metric.whole))
    assert sum(ways) == 1 or (ways == (True, False, True) and not metric.adds_up)


@pytest.mark.parametrize("metric", TOTALS, ids=named)
def test_json_totals(metric: Metric) -> None:
    data = rfcalc("analyze", NETWORK, "-f", "json").data
    assert data["totals"][metric.stored] > 0
    if metric.each:
        assert data["totals"][metric.stored] == metric.over(layer[metric.stored] for layer in data["layers"])


@pytest.mark.parametrize("metric", OF_LAYERS, ids=named)
def test_csv(metric: Metric) -> None:
    rows = list(csv.DictReader(io.StringIO(rfcalc("analyze", NETWORK, "-f", "csv").out)))
    layers = rfcalc("analyze", NETWORK, "-f", "json").data["layers"]
    assert [int(row[metric.stored]) for row in rows] == [layer[metric.stored] for layer in layers]


@pytest.mark.parametrize("metric", METRICS, ids=named)
def test_the_editor_knows_its_budgets(metric: Metric) -> None:
    budget = json_schema()["properties"]["budget"]
    assert {metric.name, f"{metric.name}_change"} <= budget["properties"].keys()
    assert (metric.name in budget["additionalProperties"]["properties"]) == metric.per_layer


@pytest.mark.parametrize("metric", METRICS, ids=named)
def test_the_page_of_budgets_names_it(metric: Metric) -> None:
    assert f"| `{metric.name}` |" in page("RF501")


def test_the_baseline(tmp_path: Path) -> None:
    lock = tmp_path / "lock.json"
    rfcalc("check", NETWORK, "--baseline", str(lock), "--write-baseline")
    (kept,) = json.loads(lock.read_text())["networks"].values()
    names = {key.removeprefix("last_spatial.").removesuffix(".0").removesuffix(".1") for key in kept}
    assert names == {metric.stored for metric in METRICS if Shown.BASELINE in metric.shown}


def test_the_difference() -> None:
    totals = rfcalc("diff", NETWORK, "resnet34", "-f", "json").data["differences"][0]["totals"]
    assert list(totals) == [metric.title for metric in METRICS if Shown.DIFF in metric.shown]


def test_the_table() -> None:
    heads = rfcalc("analyze", NETWORK, columns=140).out.splitlines()[1].lower().split()
    for metric in METRICS:
        assert (metric.title.lower() in heads) == (Shown.TABLE in metric.shown or metric.title == "stride"), metric.name
