"""Words of the command line are read as typer reads them, without pydantic where they are plain."""

from __future__ import annotations

from typing import Any

import pytest
import typer

from rfcalc.cli.commands import COMMANDS
from rfcalc.cli.program import app

WORDS = [
    "",
    "3",
    "-3",
    "007",
    "1_000",
    " 3",
    "3.5",
    "1e3",
    "nan",
    "٣",
    "9" * 30,
    "true",
    "no",
    "espcn",
    "3x64x64",
    "\udcff",
    None,
]

group: Any = typer.main.get_command(app)
context = group.make_context("rfcalc", ["configs"], resilient_parsing=True)
PARAMS = [
    pytest.param(param, id=f"{name}-{param.name}")
    for name in COMMANDS
    for param in group.get_command(context, name).get_params(context)
    if hasattr(param, "get_runtime_param") and param.name != "help"
]


def outcome(read: Any, value: Any, param: Any) -> Any:
    try:
        value = read.coerce(value, param=param, ctx=context)
        return type(value), repr(value)
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("param", PARAMS)
def test_words_are_read_as_typer_reads_them(param: Any) -> None:
    several = param.multiple or param.nargs == -1
    texts: list[Any] = [[word] * n for word in WORDS if word for n in (0, 1, 2)] if several else WORDS
    typers = type(param).get_runtime_param(param)
    for value in [*texts, param.default, None, 0, 1, 2.5, True]:
        assert outcome(param.get_runtime_param(), value, param) == outcome(typers, value, param), value


@pytest.mark.skipif(not PARAMS, reason="this typer reads words without pydantic")
def test_plain_words_are_read_without_typer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.core.build_runtime_param", None)
    command = group.get_command(context, "analyze")
    values: dict[str, Any] = {"layer": ["a", "b"], "dtype": "fp16", "full": True, "max_layers": "5"}
    read = {
        p.name: p.get_runtime_param().coerce(values[p.name], p, context)
        for p in command.get_params(context)
        if p.name in values
    }
    assert read == {**values, "max_layers": 5}
