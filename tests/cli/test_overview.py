"""`rfcalc` alone: every command, on one screen."""

from __future__ import annotations

import pytest

from rfcalc.cli.commands import COMMANDS
from rfcalc.cli.overview import GROUPS, overview
from tests.running import rfcalc


def test_each_command_is_named_once() -> None:
    assert sorted(name for group in GROUPS.values() for name in group) == sorted(COMMANDS)


def test_one_screen() -> None:
    lines = overview().splitlines()
    assert len(lines) <= 32
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("given", [(), ("--help",), ("-h",)])
def test_it_is_printed(given: tuple[str, ...]) -> None:
    run = rfcalc(*given)
    assert (run.code, run.err) == (0, "")
    assert run.out.strip() == overview()


@pytest.mark.parametrize(("word", "hint"), [("resnet50", "rfcalc analyze resnet50"), ("my/net.yaml", "rfcalc analyze")])
def test_a_network_is_no_command(word: str, hint: str) -> None:
    run = rfcalc(word, columns=120)
    assert run.code == 2
    assert hint in " ".join(run.err.split())
