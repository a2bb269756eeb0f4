"""What a claim may name, and the figures that it shows."""

from __future__ import annotations

import pytest

from rfcalc.checks.claims import figures, holds, names_of
from rfcalc.errors import RuleError

NETWORK = {
    "totals": {"params": 3},
    "layers": [
        {"name": "a", "params": 1, "receptive_field": {"size": [3, 3], "channels": None}},
        {"name": "b", "params": 2, "receptive_field": None, "units": [{"pixels": 4}]},
    ],
}
FOUND = {"findings": [{"code": "RF201", "name": "x", "layer": "a"}, {"code": "RF301", "name": "x", "layer": "a"}]}


@pytest.mark.parametrize(
    "that",
    [
        'params["a"] + params["b"] == totals["params"]',
        'size["a"] == [3, 3] and size["b"] == null',
        'layers["b"]["units"][0]["pixels"] == units["b"][0]["pixels"] == 4',
        'channels["a"] == null and not (1 < 0)',
    ],
)
def test_layers_by_their_names(that: str) -> None:
    assert holds(that, names_of(NETWORK))


def test_findings_as_lists() -> None:
    names = names_of(FOUND)
    assert holds('code == ["RF201", "RF301"] and layer == ["a", "a"]', names)
    assert holds("findings == [] and code == [] and layer == []", names_of({"findings": []}))


def test_the_figures_of_a_claim() -> None:
    names = names_of(NETWORK)
    assert figures('min(params["a"], 2000) > totals["params"] or size["a"][0] == 1 or true', names) == [
        'params["a"] is 1',
        'totals["params"] is 3',
        'size["a"][0] is 3',
    ]


def test_what_is_no_claim() -> None:
    with pytest.raises(RuleError, match='did you mean "params"'):
        holds('parms["a"] == 1', names_of(NETWORK))
    with pytest.raises(RuleError, match="true or false"):
        holds('params["a"]', names_of(NETWORK))
