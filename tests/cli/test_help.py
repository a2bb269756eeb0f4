"""What `--help` prints is what was written: nothing in brackets is taken for markup and lost."""

from __future__ import annotations

import re
from importlib import import_module
from inspect import getdoc
from typing import Any

import pytest
import typer
from rich.text import Text

from rfcalc.cli.command import PANELS
from rfcalc.cli.commands import COMMANDS
from rfcalc.cli.declared import parameters
from rfcalc.cli.program import app
from tests.running import rfcalc


def texts(command: Any) -> list[str]:
    """The help of a command and of each of its options."""
    found = [one.said.how.get("help", "") for one in parameters(command) if one.said]
    return [getdoc(command) or "", *(text for text in found if text)]


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_lost(name: str) -> None:
    module, function = COMMANDS[name]
    command = getattr(import_module(module), function)
    assert len(texts(command)) > 1 or name in ("configs", "schema")
    for text in texts(command):
        shown = Text.from_markup(text).plain
        assert shown == text.replace("\\[", "[").replace("\b", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_to_type(name: str) -> None:
    """No types of Python, nothing cut off, panels in their order, an example of at most one line."""
    run = rfcalc(name, "--help", columns=80)
    assert (run.code, run.err) == (0, "")
    for text in ("<str", "<bool", "<int", "<float", "<list", "bool", "\u2026", "list[str]", "{"):
        assert text not in run.out
    lines = run.out.splitlines()
    assert max(map(len, lines)) <= 80
    titles = [line.strip("\u256d\u256e\u2500 ") for line in lines if line.startswith("\u256d")]
    assert titles == [title for title in ("Arguments", "Options", *PANELS) if title in titles]
    examples = [line.strip() for line in lines if line.strip().startswith("rfcalc ")]
    assert all(example.startswith(f"rfcalc {name}") for example in examples)
    assert examples or name in ("schema", "explain-cost")


def test_a_panel_is_for_options_that_exist() -> None:
    group = typer.main.get_command(app)
    known = {param.name for name in COMMANDS for param in group.get_command(None, name).params}  # type: ignore[attr-defined]
    assert {name for names in PANELS.values() for name in names} <= known


def test_an_option_of_one_name_takes_one_kind_of_value() -> None:
    """What is typed after --layer or --output in one command can be typed after it in any other."""
    group = typer.main.get_command(app)
    kinds: dict[str, set[str]] = {}
    for name in COMMANDS:
        for param in group.get_command(None, name).params:  # type: ignore[attr-defined]
            if param.param_type_name == "option":
                kinds.setdefault(param.opts[0], set()).add(re.sub(r"\[GLOB=\]|,\.\.\.|\[=FILE\]", "", param.metavar or ""))
    differing = {option: values for option, values in kinds.items() if len(values) > 1}
    measured = {"--time": {"", "FILE"}}  # compare measures, report shows what was measured
    assert differing == {"--input": {"CxHxW", "N|HxW|CxHxW"}, "--to": {"FORMAT", "WORD[=N]"}, **measured}
