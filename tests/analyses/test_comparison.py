"""Networks side by side, with figures by hand."""

from __future__ import annotations

import pytest

from rfcalc.analyses.comparison import Comparison, comparison
from rfcalc.analyses.network import Analysis, analyze
from rfcalc.language.load import load_spec


def analysis(text: str) -> Analysis:
    return analyze(load_spec(f"input: 3x32x32\nlayers: [{text}]\n", "net"), erf=True)


SMALL = "{conv: {out: 4, k: 3, bias: false}}"
LARGE = "{conv: {out: 8, k: 3, bias: false}}"
WIDE = "{conv: {out: 8, k: 5, bias: false}}"
GLOBAL = "gap, {linear: 4}"


def compared(*texts: str) -> Comparison:
    return comparison([(text, analysis(text)) for text in texts])


def test_figures() -> None:
    found = compared(SMALL, WIDE)
    assert found[0].figures == {
        "params": 3 * 4 * 9,
        "macs": 3 * 4 * 9 * 32 * 32,
        "memory": 4 * 4 * 32 * 32,
        "receptive_field": 3,
        "stride": 1,
        "effective_field": pytest.approx(4 * (2 / 3) ** 0.5),
        "latency": None,
    }
    assert (found[WIDE]["receptive_field"], found[WIDE]["effective_field"]) == (5, pytest.approx(4 * 2**0.5))


def test_a_latency_is_a_figure_that_judges_nobody() -> None:
    named = [(text, analysis(text)) for text in (SMALL, LARGE, WIDE)]
    found = comparison(named, [2.0, 1.0, None])
    assert [row["latency"] for row in found] == [2.0, 1.0, None]
    assert [row.name for row in found.by("latency")] == [LARGE, SMALL, WIDE]
    assert [row.best for row in found] == [row.best for row in comparison(named)]
    assert "latency" in [metric.name for metric in found.metrics]
    assert "latency" not in [metric.name for metric in comparison(named).metrics]
    assert "latency 2 ms" in repr(found[0])
    assert "latency" not in repr(found[2])


def test_the_best_are_those_that_no_other_one_beats() -> None:
    assert [row.best for row in compared(SMALL, LARGE)] == [True, False]  # costs more and sees no more
    assert [row.best for row in compared(SMALL, WIDE)] == [True, True]  # costs more and sees more
    assert [row.best for row in compared(LARGE, WIDE, SMALL)] == [False, True, True]
    assert [row.best for row in compared(SMALL, SMALL)] == [True, True]  # equals beat nobody
    assert [row.name for row in compared(LARGE, SMALL).best] == [SMALL]


def test_a_network_without_a_field_is_judged_by_what_both_have() -> None:
    found = compared(SMALL, GLOBAL)
    assert found[GLOBAL]["effective_field"] is None
    assert [row.best for row in found] == [False, True]


def test_changes() -> None:
    found = compared(SMALL, LARGE, GLOBAL).against_row(SMALL)
    assert found.against == SMALL
    assert found[LARGE].change is not None
    assert (found[LARGE].change["params"], found[LARGE].change["stride"]) == (100, 0)
    assert found[GLOBAL].change is not None
    assert found[GLOBAL].change["effective_field"] is None
    assert compared(SMALL)[0].change is None
    assert compared(SMALL, LARGE).against_row(-1).against == LARGE


def test_order() -> None:
    found = compared(WIDE, GLOBAL, SMALL)
    assert [row.name for row in found.by("macs")] == [GLOBAL, SMALL, WIDE]
    assert [row.name for row in found.by("effective_field")] == [SMALL, WIDE, GLOBAL]


def test_names() -> None:
    one = analysis(SMALL)
    assert [row.name for row in comparison([("a", one), ("b", one), ("a", one)])] == ["a", "b", "a (2)"]


def test_what_is_not_there() -> None:
    found = compared(SMALL)
    with pytest.raises(KeyError, match='did you mean "macs"'):
        found.by("mac")
    with pytest.raises(KeyError, match="there are"):
        found["x"]
    with pytest.raises(KeyError, match='did you mean "params"'):
        found[0]["parms"]


def test_in_a_line() -> None:
    assert repr(compared(SMALL, LARGE)) == f"<Comparison of 2 networks; no other one beats {SMALL}>"
    assert repr(compared(GLOBAL)[0]).endswith("effective field of all>")
