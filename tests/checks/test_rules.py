"""Every rule fires on its own example, and is silent on the shipped networks unless its page says why it is right there."""

from __future__ import annotations

import pytest

from rfcalc.analysis import Analysis, analyze
from rfcalc.checks.pages import page
from rfcalc.checks.rules import rules
from rfcalc.checks.runner import explained
from rfcalc.importers import load, shipped
from rfcalc.importers.spec import load_spec

CODES = sorted(rules())
# Lessons show what the rules warn of; the other networks do it for a reason that the rule's page gives.
EXPECTED: dict[str, set[str]] = {"RF201": {"deepercut"}}


@pytest.fixture(scope="module")
def networks() -> dict[str, Analysis]:
    names = [name for name, _ in shipped() if not name.startswith("lessons/")]
    return {name: analyze(load(name)) for name in names}


@pytest.mark.parametrize("code", CODES)
def test_the_example_fires(code: str) -> None:
    rule = rules()[code]
    assert list(rule.find(analyze(load_spec(rule.example, "example.yaml"))))


@pytest.mark.parametrize("code", CODES)
def test_a_plain_chain_is_silent(code: str) -> None:
    plain = "input: 3x64x64\nlayers:\n" + "  - conv: {out: 16, k: 3, norm: bn, act: relu, bias: false}\n" * 3
    assert not list(rules()[code].find(analyze(load_spec(plain, "plain.yaml"))))


@pytest.mark.parametrize("code", [code for code in CODES if rules()[code].default])
def test_shipped_networks_are_silent(code: str, networks: dict[str, Analysis]) -> None:
    fired = {name for name, analysis in networks.items() if list(rules()[code].find(analysis))}
    assert fired == EXPECTED.get(code, set())


@pytest.mark.parametrize("code", [one.code for one in explained()])
def test_every_code_has_a_page(code: str) -> None:
    text = page(code)
    assert text.startswith(f"# {code} ")
    for part in ("## Why", "## How to mend it"):
        assert part in text
